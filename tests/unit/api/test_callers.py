"""A key is looked up now and then, not by every request at once."""

import asyncio

from tests.school import NOW

from learnloop.accounts.keys import create_key
from learnloop.api import callers
from learnloop.api.callers import Callers
from learnloop.core.errors import NotAuthenticated
from learnloop.core.records import ApiKey, Role
from learnloop.core.time import ManualClock


class SlowReader:
    """Takes a while to find a key, and the second time there is none."""

    def __init__(self, key):
        self.key = key
        self.n_looks = 0

    async def run(self, work):
        self.n_looks += 1
        await asyncio.sleep(0.01)
        if self.n_looks == 2:
            raise NotAuthenticated("revoked")
        return self.key


def test_one_request_looks_again_and_the_others_go_on_until_it_knows(monkeypatch):
    text, key = create_key(Role.SERVICE, NOW)
    reader = SlowReader(key)

    async def main():
        known = Callers(reader, ManualClock(NOW))
        monkeypatch.setattr(callers, "REMEMBER_S", -1.0)
        await known.identify(text)
        monkeypatch.setattr(callers, "REMEMBER_S", 60.0)
        asked = (known.identify(text) for _ in range(5))
        done = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(x) for x in done] == [NotAuthenticated] + [ApiKey] * 4
        assert reader.n_looks == 2
        await known.identify(text)
        assert reader.n_looks == 3

    asyncio.run(main())
