#!/usr/bin/env python3
"""The status page in headless Chromium: page_test.py SITE SCREENSHOTS

SITE is the program web_site, which serves a made-up site and changes it on command. A screenshot of each story is left
in the folder SCREENSHOTS. Exit 0 if every story came true.
"""

import os
import subprocess
import sys
import time

from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait


class Site:
    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()

    def say(self, word):
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()

    def stop(self):
        self.process.stdin.close()
        self.process.wait(timeout=10)


def browser():
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                     "--disable-background-networking", "--disable-component-update", "--window-size=1280,900"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    return webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)


class Stories:
    """Each story_… is one behaviour; they run in order in one browser."""

    def __init__(self, site, driver, folder):
        self.site = site
        self.driver = driver
        self.folder = folder

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector):
        return self.find(selector).text

    def wait(self, claim, what, seconds=30):
        # The page may replace an element between finding and reading it.
        stale = (StaleElementReferenceException, NoSuchElementException)
        WebDriverWait(self.driver, seconds, 0.05, stale).until(lambda _: claim(), what)

    def shot(self, name):
        self.driver.save_screenshot(os.path.join(self.folder, name + ".png"))

    def open(self):
        self.driver.get(self.site.url)
        self.wait(lambda: self.text("#live") == "live", "the page goes live")
        self.wait(lambda: self.all(".service"), "services are shown")

    def emulate(self, scheme):
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia",
                                    {"features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def story_everything_is_there_with_its_reason(self):
        self.open()
        body = self.text("body")
        for part in ("lb1001", "not ready", "held text-https ipv4", "203.0.113.10", "announced", "cr2",
                     "refused the connection", "fit again, waits until it has lasted 10 s", "text-https tcp/443"):
            assert part in body, f"{part!r} is not on the page"
        assert self.find(".cells").get_attribute("aria-label") == "1 pooled, 1 held, 1 down, 1 disabled"
        self.shot("light")

    def story_a_change_appears_without_reload(self):
        self.driver.execute_script("window.before = true")
        self.site.say("down")
        self.wait(lambda: "2 down" in self.find(".cells").get_attribute("aria-label"), "the cell turns")
        self.wait(lambda: "server-down text-https/cp1" in self.text("#events"), "the event is shown")
        assert self.driver.execute_script("return window.before")
        self.shot("changed")
        self.site.say("up")
        self.wait(lambda: "1 pooled" in self.find(".cells").get_attribute("aria-label"), "the cell turns back")

    def story_the_keyboard_reaches_everything(self):
        body = self.find("body")
        body.send_keys("/")
        assert self.driver.switch_to.active_element.get_attribute("id") == "search"
        self.driver.switch_to.active_element.send_keys("text")
        self.driver.switch_to.active_element.send_keys(Keys.TAB, Keys.TAB)
        active = self.driver.switch_to.active_element
        if active.get_attribute("id") == "impaired":
            active.send_keys(Keys.TAB)
            active = self.driver.switch_to.active_element
        assert active.get_attribute("class") == "toggle", active.get_attribute("outerHTML")
        active.send_keys(Keys.ENTER)
        assert active.get_attribute("aria-expanded") == "true"
        self.wait(lambda: "HTTP status 503" in self.text(".servers"), "servers are shown with reasons")
        self.wait(lambda: len(self.all(".servers tbody tr:first-child .bar")) == 8, "the last probes are plotted")
        assert len(self.all(".servers tbody tr:first-child .bar.failed")) == 1
        spoken = self.find(".plot").get_attribute("aria-label")
        assert spoken == "http: the last of 8 probes took 2.9 ms, the longest 9.0 ms, 1 failed", spoken
        self.site.say("down")
        self.wait(lambda: "2 down" in self.find(".cells").get_attribute("aria-label"), "a change while open")
        assert self.driver.switch_to.active_element == active, "the focus was lost"
        self.shot("keyboard")
        self.site.say("up")
        active.send_keys(Keys.ENTER)
        assert active.get_attribute("aria-expanded") == "false"
        self.find("#search").send_keys(Keys.ESCAPE)
        assert self.find("#search").get_attribute("value") == ""

    def story_dark_mode_is_dark(self):
        self.emulate("dark")
        colour = self.find("body").value_of_css_property("background-color")
        assert colour.startswith("rgba(15, 18, 22"), colour
        self.shot("dark")
        self.emulate("light")

    def story_a_phone_needs_no_sideways_scrolling(self):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    {"width": 375, "height": 800, "deviceScaleFactor": 2, "mobile": True})
        self.find(".toggle").click()
        self.wait(lambda: self.all(".servers td"), "servers are shown")
        width = self.driver.execute_script("return document.documentElement.scrollWidth")
        assert width <= 375, f"the page is {width} wide"
        self.shot("phone")
        self.driver.execute_script("document.querySelector('#services').scrollIntoView()")
        self.shot("phone-services")
        self.find(".toggle").click()
        self.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    def story_hostile_text_stays_text(self):
        self.site.say("nasty")
        self.wait(lambda: "<b>bold</b>" in self.text("#alerts"), "markup is shown as it is")
        self.wait(lambda: any("<img src=x" in row.text for row in self.all(".toggle")), "the name is shown as it is")
        assert not self.all("#services img")
        for toggle in self.all(".toggle"):
            toggle.click()
        self.wait(lambda: len(self.all(".servers")) >= 2, "servers are shown")
        assert "broken" not in self.driver.title
        self.shot("hostile")
        self.site.say("small")

    def story_five_thousand_services_stay_usable(self):
        self.site.say("large")
        self.wait(lambda: self.text("#match-count") == "5001", "all services are known", 30)
        search = self.find("#search")
        started = time.monotonic()
        search.send_keys("service-4321")
        self.wait(lambda: self.text("#match-count") == "1 of 5001", "the filter finds one")
        took = time.monotonic() - started
        assert took < 5, f"filtering took {took:.1f} s"
        self.shot("filter")
        search.clear()
        search.send_keys("server-1234-07")
        self.wait(lambda: self.text("#match-count") == "1 of 5001", "a server's name finds its service")
        assert "service-1234" in self.text("#services")
        search.send_keys(Keys.ESCAPE)
        self.find("#impaired").click()
        self.wait(lambda: self.text("#match-count") == "1 of 5001", "only what has problems")
        self.find("#impaired").click()
        self.site.say("down")
        self.find("#search").send_keys("text-https")
        self.wait(lambda: "2 down" in self.find(".cells").get_attribute("aria-label"), "still live")
        print(f"  filter at 5,000 services: {took * 1000:.0f} ms with 12 keys typed")

    def story_no_request_left_the_host_and_nothing_failed(self):
        import json
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] != "Network.requestWillBeSent":
                continue
            url = message["params"]["request"]["url"]
            assert url.startswith((self.site.url, "data:")), f"a request went to {url}"
        # A service that has gone is asked for once more, and answered with 404.
        complaints = [entry["message"] for entry in self.driver.get_log("browser")
                      if entry["level"] == "SEVERE" and "status of 404" not in entry["message"]]
        assert not complaints, complaints


def main():
    program, folder = sys.argv[1:3]
    os.makedirs(folder, exist_ok=True)
    site = Site(program)
    driver = browser()
    try:
        stories = Stories(site, driver, folder)
        for name in [name for name in vars(Stories) if name.startswith("story_")]:
            print(name[6:].replace("_", " "), flush=True)
            try:
                getattr(stories, name)()
            except Exception:
                stories.shot("failed")
                raise
    finally:
        driver.quit()
        site.stop()


main()
