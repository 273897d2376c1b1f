"""Doors through which complaints come in without anybody of us: a public form, and a mailbox."""
