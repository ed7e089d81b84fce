/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine as kernel text sees it: types, configuration, raw entries, folios, locks.
 *
 * What entries mean, what batches them or walks contpte blocks is not here: it comes from the kernel tree under review.
 * Written from the rules that models/arch and models/machine follow; no kernel text.
 */
#ifndef PTE_REVIEW_H
#define PTE_REVIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "language.h"
#include "machine.h"
#include "cpu.h"
#include "events.h"
#include "raw.h"
#include "swap.h"
#include "words.h"
#include "folios.h"
#include "page_table_check.h"
#include "locks.h"
#include "tlb.h"
#include "vma.h"

#endif
