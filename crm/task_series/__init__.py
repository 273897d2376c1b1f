"""Tasks that repeat: a rule of RFC 5545 by the clock on the wall."""
