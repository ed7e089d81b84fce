// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Memory of tmpfs, as large as the area. */
static int make_shmem(void)
{
	int fd = memfd_create("area", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, PAGES * PAGE))
		not_reached("memfd_create: %s", strerror(errno));
	return fd;
}

/* A file here: most file systems on disks want to know of the first store to a page. */
static int make_file(void)
{
	int fd = open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, PAGES * PAGE))
		not_reached("a file here: %s", strerror(errno));
	return fd;
}

static void fill_file(int fd)
{
	for (long n = 0; n < PAGES; n++) {
		unsigned long value = mark_of(n);

		if (pwrite(fd, &value, sizeof(value), n * PAGE) != sizeof(value))
			not_reached("write: %s", strerror(errno));
	}
}
