# SPDX-License-Identifier: GPL-2.0-or-later
"""The window: list, buttons, jobs, notices, and a manager that goes and comes back."""

import re

from desk import check, equal, until


def test_empty_then_first_vm(desk):
    app = desk.start()
    app.find("No virtual machine yet", "label")
    app.screenshot("window-empty")
    desk.manager.create("web", memory=256)
    app.row("web")


def test_start_and_shut_down_in_one_click(desk):
    vm = desk.manager.create("web", memory=256)
    app = desk.start()
    app.press("Start: web", "push button")
    vm.wait("running")
    app.find("web, green, Running", "list item")
    app.press("Shut Down: web", "push button")
    vm.wait("stopped")
    app.find("Start: web", "push button")
