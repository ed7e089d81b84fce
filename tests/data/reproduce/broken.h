/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mremap() of a kernel that does something wrong: -include this file, and
 * -DBREAK_<what>. Every wrong move is made of right system calls.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE_AT(n)	(moved + (n) * 4096L)
#define LAST_PAGE	(pages - 1)

static inline void lose(char *page)
{
	if (madvise(page, 4096, MADV_DONTNEED))
		exit(99);
}

static inline void lose_from_file(char *page)
{
	if (madvise(page, 4096, MADV_REMOVE))
		exit(99);
}

static inline void put_mark_of(char *page, long other)
{
	*(unsigned long *)page = 0x4d41524b00000000UL + other;
}

static inline void write_in_child(char *page, char *before)
{
	unsigned long value = 1;
	char path[64];
	int pid, fd;
	FILE *children;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	children = fopen(path, "r");
	if (!children || fscanf(children, "%d", &pid) != 1)
		exit(99);
	fclose(children);
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDWR);
	if (fd < 0 || pwrite(fd, &value, sizeof(value), (off_t)before) != sizeof(value))
		exit(99);
	close(fd);
	(void)page;
}

static inline void share(void)
{
	int end[2];
	char byte;

	if (pipe(end))
		exit(99);
	if (!fork()) {
		close(end[1]);
		_exit(read(end[0], &byte, 1)); /* the parent has ended */
	}
}

static inline void map_another(char *page)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;

	if (mmap(page, 4096, PROT_READ | PROT_WRITE, flags, -1, 0) != page)
		exit(99);
}

static inline void write_protect_all(char *moved, long pages)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register area = {
		.range = { .start = (unsigned long)moved, .len = pages * 4096 },
		.mode = UFFDIO_REGISTER_MODE_WP,
	};
	struct uffdio_writeprotect wp = {
		.range = area.range, .mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};
	int fd = syscall(__NR_userfaultfd, O_CLOEXEC | O_NONBLOCK | 1);

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &area) ||
	    ioctl(fd, UFFDIO_WRITEPROTECT, &wp))
		exit(99);
}

static inline void drop_soft_dirty(void)
{
	int fd = open("/proc/self/clear_refs", O_WRONLY);

	if (fd < 0 || write(fd, "4", 1) != 1)
		exit(99);
	close(fd);
}

static inline void *broken_mremap(void *old, size_t size, size_t new_size, int flags, void *new)
{
	char *moved = mremap(old, size, new_size, flags, new);
	long pages = size / 4096;

	if (moved != MAP_FAILED) {
		BREAK;
	}
	return moved;
}

#define mremap broken_mremap
