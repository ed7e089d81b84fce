// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>

/* The pages stay where they are. */
static char *after(long number)
{
	return page(number);
}

/* The end of write-protection by userfaultfd. */
static void resolve(long first, long nr)
{
	struct uffdio_writeprotect pages = {
		.range = { .start = (unsigned long)page(first), .len = nr * PAGE },
	};

	if (ioctl(uffd, UFFDIO_WRITEPROTECT, &pages))
		not_reached("UFFDIO_WRITEPROTECT: %s", strerror(errno));
}
