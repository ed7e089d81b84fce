/* SPDX-License-Identifier: GPL-2.0-only */
/* Written for the tests of pte-review; not the kernel's text. */
#include "internal.h"

#ifdef CONFIG_MMU
/**
 * folio_pte_batch - a batch that ends at no flag
 *
 * A call for those who need no flags, out of line.
 */
unsigned int folio_pte_batch(struct folio *folio, pte_t *ptep, pte_t pte, unsigned int max_nr)
{
	return folio_pte_batch_flags(folio, NULL, ptep, &pte, max_nr, 0);
}
#endif /* CONFIG_MMU */

void *not_asked_for(size_t bytes)
{
	return no_such_allocator(bytes);
}
