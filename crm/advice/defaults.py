"""The advice shipped, step by step (``domain.md`` A199-A203, B7; ISO 10002 clause 7), in English and Chinese.

A202, to overrule the customer by authority, is left out on purpose: it is neither objective nor kind.
"""

from collections.abc import Mapping
from types import MappingProxyType

from crm.advice.coming import COMING
from crm.advice.ending import ENDING
from crm.advice.saying import Advice
from crm.advice.solving import SOLVING
from crm.complaints.vocabulary import Step

DEFAULTS: Mapping[Step, Advice] = MappingProxyType({**COMING, **SOLVING, **ENDING})
"""Every step has its own."""
