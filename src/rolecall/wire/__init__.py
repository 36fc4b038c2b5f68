"""The dialects: parse a request, re-address it, read usage off an answer.

Bodies are parsed and re-addressed, never rebuilt: what rolecall does not understand it forwards
untouched. Each dialect module offers `parse` and `fold`, gathered in `dialects.WIRES`.
"""
