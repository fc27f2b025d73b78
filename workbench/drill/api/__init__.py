"""The simulated vendor API: one module an area of endpoints, wired by ``app``.

Recorded behaviour comes first, the vendor's description second. Where neither says what happens, the drill takes
what is hardest on a client:

- an unfiltered ``/v1/keys`` leaves out session keys; ``kind=web`` shows them;
- a sending key gets a 401 on everything but its own domain's messages, not a 403;
- deleting the key in use, or the last one, is allowed: 200, then 401;
- an SMTP submission's log entry names no key;
- a custom limit below this month's use stops all mail of the region;
- the first allowlist entry binds at once, for API and SMTP; removing the last one opens the account again;
- an unknown or closed subaccount in ``X-Mailgun-On-Behalf-Of`` is a 404, a disabled one's own keys get a 403.

``tests/drill/test_api_contract.py`` lists every route and answer that differs from the description, with reasons.
"""
