# SPDX-License-Identifier: GPL-2.0-only
"""The page in a real browser, headless: widths, light and dark, keyboard, without its script, and axe's rules.

Needs Debian's chromium and chromium-driver, and `pip install '.[browser]'`.
"""

import shutil
from pathlib import Path

import pytest

from pte_review.harness import check
from pte_review.harness.kernel_text import KernelText
from pte_review.harness.reports.html.page import page
from pte_review.harness.reports.reviewed import Reviewed
from pte_review.harness.subjects.move_ptes.subject import MOVE_PTES

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed: pip install '.[browser]'")
CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
if not (CHROMIUM and DRIVER):
    pytest.skip("no browser: apt-get install chromium chromium-driver", allow_module_level=True)

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
WIDTHS = (375, 768, 1280)
LIGHT, DARK = "light", "dark"
ARROW_RIGHT = "\ue014"


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    verdict = check("pre_patch", "v4", max_examples=400)
    file = tmp_path_factory.mktemp("page") / "v4.html"
    file.write_text(page("v4", [Reviewed(MOVE_PTES, verdict, KernelText(MOVE_PTES), ["pte-review"])]), encoding="utf-8")
    return file.as_uri()


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(service=webdriver.ChromeService(DRIVER), options=options)
    yield browser
    browser.quit()


@pytest.fixture
def browser(driver, url):
    """browser(width, scheme, script=True): the page, opened so."""

    def opened(width=1280, scheme=LIGHT, *, script=True):
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        scheme = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", scheme)
        driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not script})
        driver.get(url)
        assert driver.get_log("browser") == []
        return driver

    yield opened
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


@pytest.mark.parametrize("width", WIDTHS)
def test_it_fits(browser, width):
    """Wide tables scroll in their own boxes."""
    page_width = browser(width).execute_script("return document.documentElement.scrollWidth")
    assert page_width <= width


def test_light_and_dark(browser):
    script = "return getComputedStyle(document.body).backgroundColor"
    assert browser(scheme=LIGHT).execute_script(script) == "rgb(255, 255, 255)"
    assert browser(scheme=DARK).execute_script(script) == "rgb(21, 24, 28)"


def test_a_walk_with_the_keyboard(browser):
    """Both versions side by side, to the last step, where the tables are those of the picture."""
    driver = browser()
    box = driver.find_element("css selector", "[data-walk]")
    first, *_, last = box.find_elements("css selector", "button")
    assert box.find_element("css selector", "output").text.startswith("step 1 of ")
    first.send_keys(ARROW_RIGHT)
    assert box.find_element("css selector", "output").text.startswith("step 2 of ")
    last.send_keys(" ")
    panels = [panel.text for panel in box.find_elements("css selector", ".panel table")]
    assert panels == [
        "old[0] none\nold[1] none\nnew[0] pfn=0x100 W\nnew[1] pfn=0x101",
        "old[0] none\nold[1] none\nnew[0] pfn=0x100 W\nnew[1] pfn=0x101 W",
    ]


def test_without_its_script(browser):
    driver = browser(script=False)
    assert driver.find_elements("css selector", "[data-walk]:not([hidden])") == []
    driver.find_element("css selector", ".calls summary").click()
    assert "set_ptes(new[0], pfn=0x100 W, nr=2)" in driver.find_element("css selector", ".calls").text


def test_no_other_script_runs(browser):
    """The page's own policy, should an escape ever be missing."""
    driver = browser()
    driver.execute_script(
        "const s = document.createElement('div'); s.innerHTML = '<img src=x onerror=\"window.evil = 1\">';"
        "document.body.append(s); const t = document.createElement('script'); t.textContent = 'window.evil = 2';"
        "document.body.append(t);"
    )
    assert driver.execute_script("return window.evil") is None
    assert any("Content Security Policy" in entry["message"] for entry in driver.get_log("browser"))


@pytest.mark.parametrize("scheme", [LIGHT, DARK])
@pytest.mark.parametrize("width", WIDTHS)
def test_what_axe_says(browser, width, scheme):
    axe = pytest.importorskip("axe_core_python", reason="axe is not installed: pip install '.[browser]'")
    driver = browser(width, scheme)
    driver.execute_script("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    driver.execute_script((Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    found = driver.execute_async_script("axe.run().then(arguments[arguments.length - 1])")
    assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == []
    assert len(found["passes"]) > 20
