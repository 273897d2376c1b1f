"""How it went, asked of whoever complained: one link, one answer, and somebody who calls when it is a bad one."""
