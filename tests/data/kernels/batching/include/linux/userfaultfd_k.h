/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is asked of a VMA with userfaultfd. Written for the tests of pte-review after models/vma.py; not the kernel's text.
 */
#ifndef TEST_USERFAULTFD_K_H
#define TEST_USERFAULTFD_K_H

static inline bool userfaultfd_wp(struct vm_area_struct *vma) { return vma->vm_flags & VM_UFFD_WP; }

static inline bool userfaultfd_armed(struct vm_area_struct *vma)
{
	return vma->vm_flags & (VM_UFFD_MISSING | VM_UFFD_WP | VM_UFFD_MINOR);
}

static inline bool vma_has_uffd_without_event_remap(struct vm_area_struct *vma)
{
	struct userfaultfd_ctx *context = vma->vm_userfaultfd_ctx.ctx;

	return context && !(context->features & UFFD_FEATURE_EVENT_REMAP);
}

#endif
