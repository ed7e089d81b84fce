# SPDX-License-Identifier: GPL-2.0-only
"""A review as one HTML file: page.py makes it, out of cells, walks and plots and the templates beside them."""
