// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY	1
#endif

#ifndef UFFD_FEATURE_WP_UNPOPULATED
#define UFFD_FEATURE_WP_UNPOPULATED	(1 << 13)
#endif

#ifndef UFFD_FEATURE_POISON
#define UFFD_FEATURE_POISON	(1 << 14)
#endif

#ifndef UFFD_FEATURE_WP_ASYNC
#define UFFD_FEATURE_WP_ASYNC	(1 << 15)
#endif

#ifndef UFFDIO_POISON
struct uffdio_poison {
	struct uffdio_range range;
	__u64 mode;
	__s64 updated;
};
#define UFFDIO_POISON	_IOWR(UFFDIO, 0x08, struct uffdio_poison)
#endif

static int uffd = -1;

static void open_uffd(__u64 features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };

	uffd = syscall(__NR_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);
	if (uffd < 0)
		not_reached("userfaultfd: %s", strerror(errno));
	if (ioctl(uffd, UFFDIO_API, &api))
		not_reached("userfaultfd does not have the features %#llx", features);
}

static void register_uffd(__u64 mode)
{
	struct uffdio_register area = {
		.range = { .start = (unsigned long)AREA, .len = PAGES * PAGE },
		.mode = mode,
	};

	if (ioctl(uffd, UFFDIO_REGISTER, &area))
		not_reached("UFFDIO_REGISTER: %s", strerror(errno));
}

static void unregister_uffd(void)
{
	struct uffdio_range area = { .start = (unsigned long)AREA, .len = PAGES * PAGE };

	if (ioctl(uffd, UFFDIO_UNREGISTER, &area))
		not_reached("UFFDIO_UNREGISTER: %s", strerror(errno));
}

static void write_protect(long first, long nr)
{
	struct uffdio_writeprotect pages = {
		.range = { .start = (unsigned long)page(first), .len = nr * PAGE },
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};

	if (ioctl(uffd, UFFDIO_WRITEPROTECT, &pages))
		not_reached("UFFDIO_WRITEPROTECT: %s", strerror(errno));
}

static void poison(long first, long nr)
{
	struct uffdio_poison pages = {
		.range = { .start = (unsigned long)page(first), .len = nr * PAGE },
	};

	if (ioctl(uffd, UFFDIO_POISON, &pages))
		not_reached("UFFDIO_POISON: %s", strerror(errno));
}
