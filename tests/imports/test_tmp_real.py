import asyncio, time
from pathlib import Path
from examples import crm_sales
from services.worker.importing import import_round
async def test_real(client, worker):
    files = crm_sales.read(Path("/work/shared/data/crm-sales"))
    async def carry_out():
        while True:
            if not await import_round(worker):
                await asyncio.sleep(0.05)
    carrying = asyncio.create_task(carry_out())
    t=time.time()
    try:
        jobs = await crm_sales.bring_in(client, files)
    finally:
        carrying.cancel()
        await asyncio.gather(carrying, return_exceptions=True)
    t1=time.time()
    found = await crm_sales.actual(client)
    said=crm_sales.expected(files)
    out="\n".join(crm_sales.table(said, found))
    out+=f"\n{t1-t:.1f}s import {time.time()-t1:.1f}s read\n"+str(jobs)
    if jobs[1]["refused_count"]:
        out+=str((await client.get(f"/v1/imports/{jobs[1]['id']}/problems")).json()["data"][:10])
    Path("/tmp/work/crm_sales_table.txt").write_text(out)
    assert found == said
