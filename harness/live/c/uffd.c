/* SPDX-License-Identifier: GPL-2.0-only */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "live.h"

/* Of 6.6 and 6.7, which older headers lack. */
#ifndef UFFD_FEATURE_POISON
#define UFFD_FEATURE_POISON (1 << 14)
struct uffdio_poison {
	struct uffdio_range range;
	__u64 mode;
	__s64 updated;
};
#define UFFDIO_POISON _IOWR(UFFDIO, 0x08, struct uffdio_poison)
#endif
#ifndef UFFD_FEATURE_WP_UNPOPULATED
#define UFFD_FEATURE_WP_UNPOPULATED (1 << 13)
#endif
#ifndef UFFD_FEATURE_WP_ASYNC
#define UFFD_FEATURE_WP_ASYNC (1 << 15)
#endif

static int opened(uint64_t features)
{
	/* Without the flag an unprivileged process is refused; it only says that faults of the kernel are not handled. */
	int uffd = syscall(__NR_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);
	struct uffdio_api api = { .api = UFFD_API, .features = features };

	if (uffd >= 0 && ioctl(uffd, UFFDIO_API, &api)) {
		close(uffd);
		return -1;
	}
	return uffd;
}

uint64_t uffd_features(void)
{
	static uint64_t features = 1ULL << 63;
	struct uffdio_api api = { .api = UFFD_API };
	int uffd;

	if (features != 1ULL << 63)
		return features;
	features = 0;
	uffd = syscall(__NR_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
	if (uffd < 0)
		return features;
	if (!ioctl(uffd, UFFDIO_API, &api))
		features = api.features;
	close(uffd);
	return features;
}

/*
 * Write protection that resolves itself (WP_ASYNC, v6.7) and faults on missing pages that are a SIGBUS, so that no
 * store waits for anybody. Without these features there is no userfaultfd here.
 */
int uffd_open(bool event_remap)
{
	const uint64_t wanted = UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_WP_HUGETLBFS_SHMEM |
				UFFD_FEATURE_WP_UNPOPULATED | UFFD_FEATURE_WP_ASYNC | UFFD_FEATURE_SIGBUS;

	if ((uffd_features() & wanted) != wanted)
		return -1;
	return opened(wanted | (uffd_features() & UFFD_FEATURE_POISON) | (event_remap ? UFFD_FEATURE_EVENT_REMAP : 0));
}

bool uffd_register(int uffd, uintptr_t address, unsigned pages, bool missing_too)
{
	struct uffdio_register arguments = {
		.range = { address, pages * PAGE },
		.mode = UFFDIO_REGISTER_MODE_WP | (missing_too ? UFFDIO_REGISTER_MODE_MISSING : 0),
	};

	return !ioctl(uffd, UFFDIO_REGISTER, &arguments);
}

bool uffd_unregister(int uffd, uintptr_t address, unsigned pages)
{
	struct uffdio_range range = { address, pages * PAGE };

	return !ioctl(uffd, UFFDIO_UNREGISTER, &range);
}

bool uffd_protect(int uffd, uintptr_t address, unsigned pages, bool on)
{
	struct uffdio_writeprotect arguments = {
		.range = { address, pages * PAGE },
		.mode = on ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};

	return !ioctl(uffd, UFFDIO_WRITEPROTECT, &arguments);
}

bool uffd_poison(int uffd, uintptr_t address)
{
	struct uffdio_poison arguments = { .range = { address, PAGE } };

	return !ioctl(uffd, UFFDIO_POISON, &arguments);
}

/* -- a system call that reports an event does not return until somebody has read it */

static pthread_t listener;
static int stop[2];

static void *listen_to(void *argument)
{
	struct pollfd ends[] = { { (int)(intptr_t)argument, POLLIN, 0 }, { stop[0], POLLIN, 0 } };
	struct uffd_msg message;

	while (poll(ends, 2, -1) >= 0 && !ends[1].revents)
		while (read(ends[0].fd, &message, sizeof(message)) > 0)
			;
	return NULL;
}

void uffd_listen(int uffd)
{
	if (pipe2(stop, O_CLOEXEC) || pthread_create(&listener, NULL, listen_to, (void *)(intptr_t)uffd))
		give_up("no thread can be made that reads events of userfaultfd");
}

void uffd_listened(void)
{
	close(stop[1]);
	pthread_join(listener, NULL);
	close(stop[0]);
}
