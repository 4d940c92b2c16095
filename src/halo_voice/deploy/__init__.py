"""Island but for its command. The Voximplant account: what is wanted, what is found, and the steps
from one to the other.

`Wanted` and `Found` are values; `plan` is their difference, pure; `carry_out` performs it step by
step, looks again, and is done when nothing differs any more. A run that was interrupted is carried
on by the next one in the same way: nothing of it is remembered anywhere but in the account.
"""
