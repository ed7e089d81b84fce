/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine as kernel text sees it: types, PTE words and predicates, locks, raw entries.
 *
 * What batches entries or walks contpte blocks is not here: it comes from the kernel tree under review.
 * Written from the rules that models/arch and models/machine follow; no kernel text.
 */
#ifndef PTE_REVIEW_H
#define PTE_REVIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "language.h"
#include "machine.h"
#include "events.h"
#include "raw.h"
#include "words.h"
#include "swap.h"
#include "folios.h"
#include "page_table_check.h"
#include "x86_64_entries.h"
#include "locks.h"
#include "tlb.h"
#include "vma.h"

#endif
