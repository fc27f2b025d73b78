"""How each kind of effect is prepared, sent, proven and, after a kill, reconciled.

Only the executor imports this package: it is the executor's hands, split by area of the account.
"""
