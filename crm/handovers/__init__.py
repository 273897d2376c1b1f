"""Handing customers over from one person to another, with what is planned for them, and who had them before."""
