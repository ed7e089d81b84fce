// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

/* An event has to be read before the system call that it is of returns. */
static void *read_events(void *unused)
{
	struct pollfd ready = { .fd = uffd, .events = POLLIN };
	struct uffd_msg message;

	while (poll(&ready, 1, -1) >= 0)
		if (read(uffd, &message, sizeof(message)) < 0 && errno != EAGAIN)
			break;
	return unused;
}

static void start_reading_events(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, read_events, NULL))
		not_reached("no thread");
	pthread_detach(thread);
}
