import asyncio, os, sys, subprocess, time, signal
from datetime import timedelta
from uuid import UUID
from crm.webhooks import due
from tests.webhooks.conftest import Post, Received, Reply
from services.worker.delivering import hint_round

async def test_process(post: Post) -> None:
    await post.worker.queue.flushdb()
    env = {**os.environ, "DATABASE_URL": post.stage.dsn("rapport_worker"), "REDIS_URL": post.stage.redis_url, "RAPPORT_SECRET_KEY": "a secret key for tests that is long enough", "RAPPORT_WEBHOOKS_ALLOW_LOOPBACK": "true", "RAPPORT_LOG_LEVEL": "info"}
    dead = await post.open_receiver()
    async def never(_: Received) -> Reply:
        await asyncio.sleep(20); return 204, {}
    dead.answer = never
    await post.endpoint(types=["customer.*"])
    await post.endpoint(dead.url, types=["customer.*"])
    p = subprocess.Popen([sys.executable, "-m", "services.worker.main"], env=env, stdout=open("/tmp/wk.log","wb"), stderr=subprocess.STDOUT)
    try:
        await asyncio.sleep(3)
        t = {}
        arrived = {}
        async def ok(got: Received) -> Reply:
            arrived[got.told["data"]["id"]] = time.monotonic(); return 204, {}
        post.receiver.answer = ok
        for n in range(100):
            c = (await post.client.post("/v1/customers", json={"name": f"C{n}"})).json(); t[c["id"]] = time.monotonic()
            await asyncio.sleep(0.02)
        for _ in range(100):
            if len(arrived) == 100: break
            await asyncio.sleep(0.1)
        late = sorted(arrived[i]-t[i] for i in arrived)
        print("LATE n", len(late), "p50", late[50], "p99", late[-2], "max", late[-1], "dead calls", len(dead.got), "dups", len(post.receiver.got)-100)
    finally:
        p.send_signal(signal.SIGTERM); b=time.monotonic(); print("exit", p.wait(30), time.monotonic()-b)

async def test_scale(post: Post) -> None:
    o = post.owner
    ep = await post.endpoint()
    await o.execute("INSERT INTO workspaces (name) SELECT 'w'||n FROM generate_series(1,3000) n")
    await o.execute("INSERT INTO webhook_endpoints (workspace_id, url, types, secret) SELECT w.workspace_id, 'https://example.com/', ARRAY['*'], '\\x00'::bytea FROM workspaces w, generate_series(1,2)")
    await o.execute("INSERT INTO webhook_deliveries (workspace_id, endpoint_id, event_id, event_type, next_attempt_at) SELECT e.workspace_id, e.id, uuidv7(), 'x.y', now() + (CASE WHEN random() < 0.0 THEN -1 ELSE 1 END) * interval '1 hour' FROM webhook_endpoints e, generate_series(1,30)")
    await o.execute("ANALYZE")
    async def take(label, turn=due.FIRST, most=100):
        for k in range(3):
            b=time.perf_counter()
            async with post.worker.database.scanning() as tx:
                f, turn = await due.take_hints(tx, turn, most)
            print("SCALE", label, len(f), round((time.perf_counter()-b)*1e3,1), "ms", turn != due.FIRST)
    await take("future only 180k")
    await o.execute("UPDATE webhook_deliveries SET next_attempt_at = now() - interval '1 hour' WHERE ctid IN (SELECT ctid FROM webhook_deliveries WHERE random() < 0.01)")
    await o.execute("VACUUM ANALYZE webhook_deliveries")
    await take("1% due")
    await o.execute("UPDATE webhook_deliveries SET next_attempt_at = now() - interval '1 hour'")
    await o.execute("VACUUM ANALYZE webhook_deliveries")
    await take("all due")
    await o.execute("INSERT INTO webhook_deliveries (workspace_id, endpoint_id, event_id, event_type, next_attempt_at) SELECT $1, $2, uuidv7(), 'x.y', now() FROM generate_series(1,20000)", post.home.id, UUID(ep["id"]))
    await o.execute("VACUUM ANALYZE webhook_deliveries")
    await take("all due + 20k of one")
    async with post.worker.database.scanning() as tx:
        asked = due._hint()
        plan = await o.fetch("EXPLAIN (ANALYZE) "+asked.sql, *asked.arguments({}, {"after_workspace": UUID(int=0), "after_endpoint": UUID(int=0), "most": 100}))
    print("\n".join(r[0] for r in plan))
