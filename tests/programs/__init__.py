# SPDX-License-Identifier: GPL-2.0-only
"""Programs that run for minutes to hours, each with its tests beside it: soak, sensitivity, alternatives."""
