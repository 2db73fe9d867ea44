"""Refused keys and passwords: a few are answered at once, then one every few seconds.

Whoever tries has a bucket of tokens: each refusal takes one, and they come back with time. Where
the bucket is empty the answer is 429 with the time to wait.

1. Keys are counted by address. A good key is looked at first and never waits, so that nobody behind
   the same address is locked out: with 256 random bits in a secret, tries are a burden on logs and
   not a danger to the keys.
2. Passwords are counted by account and address together, so that guessing somebody's password locks
   nobody out elsewhere; whether there is such an account makes no difference.

Source:
    OWASP ASVS 4.0.3, 2.2.1 (anti-automation) and 7.1 (logs that can't be flooded).
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Callable
from math import ceil
from time import monotonic

AT_ONCE = 20
SECONDS_EACH = 3.0  # until a token comes back: 20 wrong keys a minute, once the bucket is empty
_MAX_ADDRESSES = 10_000  # about 2 MB; the one refused longest ago is forgotten first
_NETWORK_BITS = 64  # of an IPv6 address: what one customer of a provider has for himself


class Refusals:
    """How often each was refused; for one thread, and never waiting."""

    def __init__(
        self,
        clock: Callable[[], float] = monotonic,
        *,
        at_once: int = AT_ONCE,
        seconds_each: float = SECONDS_EACH,
    ) -> None:
        """Begin with no refusals.

        Args:
            clock: seconds that only grow.
            at_once: refusals that are answered without waiting.
            seconds_each: until one of these comes back.
        """
        self._clock = clock
        self._at_once = at_once
        self._seconds_each = seconds_each
        # For each the second at which its bucket will be full again.
        self._full_at: OrderedDict[tuple[str, str], float] = OrderedDict()

    def wait_seconds(self, address: str, account: str = "") -> int:
        """Count a refusal; return 0 if it is answered at once, else how long to wait."""
        now, who = self._clock(), (_network(address), account)
        full_at = max(self._full_at.pop(who, now), now) + self._seconds_each
        late = full_at - now - self._at_once * self._seconds_each
        # Who goes on regardless doesn't make the wait longer for others at the address.
        self._full_at[who] = full_at if late <= 0 else full_at - self._seconds_each
        while len(self._full_at) > _MAX_ADDRESSES:
            self._full_at.popitem(last=False)
        return max(0, ceil(late))

    def give_back(self, address: str, account: str = "") -> None:
        """Count one refusal less, of what was not looked at."""
        who = (_network(address), account)
        if who in self._full_at:
            self._full_at[who] -= self._seconds_each

    def forget(self, address: str, account: str = "") -> None:
        """Forget the refusals of somebody who was let in."""
        self._full_at.pop((_network(address), account), None)


def _network(address: str) -> str:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 6:  # noqa: PLR2004 - of the protocol
        return str(ipaddress.ip_network((found, _NETWORK_BITS), strict=False).network_address)
    return address
