"""Self-positioning, page by page: weight, server time, accessibility, and time to a first result.

Run in a copy of the demonstration, prepared by ``alliage-web start-demo --no-serve``:

    ALLIAGE_MODE=demo .venv/bin/python -m benchmarks.positioning_pages

It serves that copy to a Chromium (``ALLIAGE_CHROMIUM``, or that of the path), which answers without
thinking, on the network of the machine and on two slow ones.
"""

from __future__ import annotations

import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import URLError

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from benchmarks.machine import describe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, CDPSession, Page

ROUNDS = int(os.environ.get("ROUNDS", "40"))
RESULTS = Path(__file__).parent / "results" / "positioning-pages.md"
COMMUNE = "commune/94080"
QUESTIONS = 24
PHONE = {"width": 390, "height": 844}
SIZES = (PHONE, {"width": 1280, "height": 900})
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
#: Those of the developer tools of Chromium: milliseconds of latency, bytes a second down and up.
NETWORKS: dict[str, tuple[float, float, float] | None] = {
    "that of the machine": None,
    "« slow 4G »: 562 ms, 1.44 Mb/s": (562.5, 180_000, 84_375),
    "« 3G »: 2,000 ms, 0.4 Mb/s": (2000, 50_000, 50_000),
}

HEAD = """# Self-positioning, page by page

Written by `python -m benchmarks.positioning_pages`.

- Machine: {machine}. Load when it began: {load}. The machine is shared with other work.
- The demonstration on SQLite, a local authority of Vincennes that names a need, all 24 questions
  answered.
- Weight: what Chromium received, compressed as the server sends it, headers included, by a browser
  that had nothing; « again » by one that had seen a question.
- Server: queries, and milliseconds of the whole Django stack in one process, median / 95th
  percentile of {rounds} rounds, each in an order drawn anew; by the clock, which other work slows,
  then by the processor.
- Accessibility: what axe finds in each page at 390 and 1,280 px, light and dark: serious or
  critical, then the rest.

| page | first time, kB | again, kB | queries | clock, ms | processor, ms | axe |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
{pages}
## Time to a first result

A program answers the 24 questions in a row, without reading: this is the part of the machine, from
the first page asked to the result shown (its `load` event), with {requests} requests of pages. The
network is that of Chromium's emulation.

| network | seconds to a first result | of which a question, median | transferred, kB |
| --- | ---: | ---: | ---: |
{walks}
What people take to read and to choose was not measured: n/a. There is to read {screens} screens
before the result, {words:,} words in all ({most} on the longest one), navigation and footer left
out; {asked:,} of them are the questions and the answers to choose from. « Five minutes » is what
the questionnaire announces; it comes from no measure.
"""


@dataclass(slots=True)
class Measure:
    first: float = 0
    again: float = 0
    queries: int = 0
    clock: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    serious: int = 0
    others: int = 0


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alliage_web.config.settings")
    import django

    django.setup()
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    with served() as address, sync_playwright() as playwright:
        executable = os.environ.get("ALLIAGE_CHROMIUM") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        walks = {name: walked(browser, address, network) for name, network in NETWORKS.items()}
        pages, state = prepared(browser, address)
        measures = {name: Measure() for name in pages}
        weigh(browser, address, pages, state, measures)
        judge(browser, address, pages, state, measures)
        browser.close()
    cookie = next(one["value"] for one in state["cookies"] if one["name"] == "se-situer")
    answer(pages, cookie, measures)
    first = next(iter(walks.values()))
    RESULTS.write_text(
        HEAD.format(
            machine=describe(), load=load, rounds=ROUNDS,
            pages="".join(_line(name, one) for name, one in measures.items()),
            requests=first.pages,
            walks="".join(
                f"| {name} | {one.total:.1f} | {statistics.median(one.each):.2f} "
                f"| {one.received / 1000:.0f} |\n"
                for name, one in walks.items()
            ),
            asked=first.asked, screens=len(first.words), words=sum(first.words),
            most=max(first.words),
        ),
        encoding="utf-8",
    )  # fmt: skip
    print(RESULTS.read_text(encoding="utf-8"))


@contextmanager
def served() -> Iterator[str]:
    """Serve the demonstration; give its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "alliage_web.config.cli"]
    subprocess.run([*command, "collectstatic", "--noinput", "--verbosity=0"], check=True)
    server = subprocess.Popen(
        [*command, "serve", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address, server)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=20)


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    while server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=60):  # noqa: S310
                return
        except (URLError, OSError):
            time.sleep(0.1)
    sys.exit("The server stopped: prepare the demonstration first.")


# Time to a first result


@dataclass(slots=True)
class Walk:
    total: float
    each: list[float]
    words: list[int]
    asked: int
    received: float
    pages: int


def walked(browser: Browser, address: str, network: tuple[float, float, float] | None) -> Walk:
    """Answer from the first page to the result; time is that of the machine alone."""
    with on_phone(browser) as context:
        context.set_default_timeout(120_000)
        page = context.new_page()
        watch = watched(context, page, network)
        words: list[int] = []
        each: list[float] = []
        asked = 0
        start = time.perf_counter()
        page.goto(f"{address}/se-situer/")
        opened = time.perf_counter() - start
        words.append(words_of(page))
        for number in range(QUESTIONS + 1):
            fill(page, number)
            start = time.perf_counter()
            page.click("main form .form__actions button", no_wait_after=True)
            onward = f"question/{number + 1}/" if number < QUESTIONS else "resultat/"
            page.wait_for_url(f"**/{onward}", wait_until="load", timeout=120_000)
            each.append(time.perf_counter() - start)
            if number < QUESTIONS:
                words.append(words_of(page))
                asked += words_of(page, ".question__field")
        # The first page, then for each form an answer that leads to the next page.
        return Walk(opened + sum(each), each, words, asked, watch.received, 1 + 2 * len(each))


def fill(page: Page, number: int) -> None:
    """Fill the form of a page, the first being 0."""
    if number == 0:
        page.check("input[name=world][value=local_authority]")
        page.select_option("select[name=domain]", "education")
        page.fill("input[name=territory_text]", "Vincennes")
    elif number <= QUESTIONS - 2:
        page.check(f"input[name=answer][value='{(number * 7) % 3}']")
    else:
        page.fill("[name=answer]", "6" if number == QUESTIONS - 1 else "Une entreprise d’ici")


def words_of(page: Page, within: str = "main") -> int:
    return len(page.inner_text(within).split())


# Weight


@dataclass(slots=True)
class Watch:
    received: float = 0
    session: CDPSession | None = None


def watched(
    context: BrowserContext, page: Page, network: tuple[float, float, float] | None = None
) -> Watch:
    """Count the bytes that a page receives, on a network."""
    watch = Watch(session=context.new_cdp_session(page))
    assert watch.session is not None

    def received(event: dict[str, Any]) -> None:
        watch.received += event["encodedDataLength"]

    def led_on(event: dict[str, Any]) -> None:
        watch.received += event.get("redirectResponse", {}).get("encodedDataLength", 0)

    watch.session.on("Network.loadingFinished", received)
    watch.session.on("Network.requestWillBeSent", led_on)
    watch.session.send("Network.enable")
    if network:
        latency, down, up = network
        watch.session.send(
            "Network.emulateNetworkConditions",
            {
                "offline": False, "latency": latency, "downloadThroughput": down,
                "uploadThroughput": up,
            },
        )  # fmt: skip
    return watch


@contextmanager
def on_phone(browser: Browser, **more: Any) -> Iterator[BrowserContext]:
    context = browser.new_context(locale="fr-FR", **({"viewport": PHONE} | more))
    try:
        yield context
    finally:
        context.close()


def prepared(browser: Browser, address: str) -> tuple[dict[str, str], Any]:
    """Answer, keep, answer again and set side by side; give the pages, and the cookies."""
    with on_phone(browser) as context:
        page = context.new_page()
        links = [_kept(page, address) for _time in range(2)]
        page.goto(links[0] + "groupe/")
        page.fill("#open_name", "Mairie")
        page.click("main form:has(#open_name) button")
        group = page.inner_text(".positioning-link").strip()
        page.goto(links[1] + "groupe/")
        page.fill("#join_address", group)
        page.click("main form:has(#join_address) button")
        page.goto(links[1] + "comparer/")
        page.fill("#id_address", links[0])
        page.click("main form button")
        kept = links[1].removeprefix(address)
        pages = {
            "first page": "/se-situer/",
            "a comparison": "/se-situer/question/1/",
            "a behaviour": "/se-situer/question/7/",
            "a few words": "/se-situer/question/24/",
            "result, with orientation": "/se-situer/resultat/",
            "result as PDF": "/se-situer/resultat/resultat.pdf",
            "around": "/se-situer/resultat/autour/",
            "keeping": "/se-situer/garder/",
            "result that was kept": kept,
            "compared with an earlier one": f"{kept}comparer/",
            "side by side": f"{kept}groupe/",
            "the link of a group": group.removeprefix(address),
            "a link that opens nothing": f"{kept[:-3]}/",
            "finding help": f"/se-situer/appuis/?door=innovate&territory={COMMUNE}",
        }
        return pages, context.storage_state()


def _kept(page: Page, address: str) -> str:
    page.goto(f"{address}/se-situer/")
    for number in range(QUESTIONS + 1):
        fill(page, number)
        page.click("main form .form__actions button")
        onward = f"question/{number + 1}/" if number < QUESTIONS else "resultat/"
        page.wait_for_url(f"**/{onward}")
    page.goto(f"{address}/se-situer/garder/")
    page.click("main form .form__actions button")
    page.wait_for_url("**/r/**")
    return page.url


def weigh(
    browser: Browser, address: str, pages: dict[str, str], state: Any, measures: dict[str, Measure]
) -> None:
    """Weigh each page by a browser that had nothing, then by one that has seen the path."""
    for name, path in pages.items():
        if path.endswith(".pdf"):
            continue
        for seen in (False, True):
            with on_phone(browser, storage_state=state) as context:
                page = context.new_page()
                if seen:
                    page.goto(f"{address}/se-situer/question/2/", wait_until="networkidle")
                watch = watched(context, page)
                page.goto(address + path, wait_until="networkidle")
                if seen:
                    measures[name].again = watch.received
                else:
                    measures[name].first = watch.received


# Accessibility


def judge(
    browser: Browser, address: str, pages: dict[str, str], state: Any, measures: dict[str, Measure]
) -> None:
    """Count what axe finds in each page, in both sizes and both schemes."""
    for size in SIZES:
        for scheme in ("light", "dark"):
            with on_phone(
                browser, viewport=size, color_scheme=scheme, storage_state=state
            ) as context:
                page = context.new_page()
                for name, path in pages.items():
                    if path.endswith(".pdf"):
                        continue
                    page.goto(address + path)
                    for one in Axe().run(page).response["violations"]:
                        serious = one["impact"] in {"serious", "critical"}
                        measures[name].serious += serious
                        measures[name].others += not serious
                        print(name, size["width"], scheme, one["id"], one["nodes"][0]["html"][:99])


# Server time


def answer(pages: dict[str, str], cookie: str, measures: dict[str, Measure]) -> None:
    """Ask Django's test client for every page, in rounds."""
    from django.conf import settings
    from django.core.cache import caches
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    settings.ALLOWED_HOSTS = ["testserver"]
    client = Client()
    client.cookies["se-situer"] = cookie
    for name, path in pages.items():
        client.get(path)
        caches["pages"].clear()
        with CaptureQueriesContext(connection) as captured:
            response = client.get(path)
        measures[name].queries = len(captured)
        if path.endswith(".pdf"):
            measures[name].first = measures[name].again = len(response.content)
    draw = random.Random(17)
    for _ in range(ROUNDS):
        for name in draw.sample(list(pages), len(pages)):
            caches["pages"].clear()
            clock, processor = time.perf_counter(), time.process_time()
            client.get(pages[name])
            measures[name].clock.append((time.perf_counter() - clock) * 1000)
            measures[name].processor.append((time.process_time() - processor) * 1000)


def _line(name: str, one: Measure) -> str:
    clock, processor = (
        f"{statistics.median(times):.0f} / {statistics.quantiles(times, n=20)[18]:.0f}"
        for times in (one.clock, one.processor)
    )
    found = "n/a" if name.endswith("PDF") else f"{one.serious}, {one.others}"
    return (
        f"| {name} | {one.first / 1000:.0f} | {one.again / 1000:.0f} | {one.queries} "
        f"| {clock} | {processor} | {found} |\n"
    )


if __name__ == "__main__":
    main()
