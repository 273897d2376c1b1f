"""The log of facts: every change, written once, in the words of the product."""
