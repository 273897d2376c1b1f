"""The guide (docs/complaint-doors.md) tells the truth: its script hands mails over."""

import re
from pathlib import Path
from typing import Any

from tests.complaint_doors.conftest import a_mail, new_inbox
from tests.conftest import Client

GUIDE = (Path(__file__).parents[2] / "docs/complaint-doors.md").read_text(encoding="utf-8")


async def test_the_script_of_the_guide_hands_mails_over(client: Client, gateway: Client) -> None:
    (script,) = re.findall(r"(?ms)^```python\n(.*?)^```", GUIDE)
    space: dict[str, Any] = {"__name__": "guide"}
    exec(script, space)
    inbox = await new_inbox(client)
    mail = a_mail("水泵又坏了。")
    for repeated in (False, True):
        made = space["request"](inbox["url"], inbox["secret"], mail)
        taken = await gateway.post(made.full_url, content=made.data, headers=dict(made.header_items()))
        assert taken.status_code == 202, taken.text
        assert taken.json()["repeated"] is repeated
