// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <linux/types.h>
#include <unistd.h>

/* Documentation/admin-guide/mm/pagemap.rst */
#define PM_PFN		((1ULL << 55) - 1)
#define PM_SOFT_DIRTY	(1ULL << 55)
#define PM_UFFD_WP	(1ULL << 57)
#define PM_FILE		(1ULL << 61)
#define PM_SWAP		(1ULL << 62)
#define PM_PRESENT	(1ULL << 63)
#define PM_ANYTHING	(PM_PRESENT | PM_SWAP | PM_FILE | PM_UFFD_WP)

static __u64 word_of(const char *file, unsigned long at)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	__u64 word = 0;

	if (fd < 0 || pread(fd, &word, sizeof(word), at * sizeof(word)) != sizeof(word))
		not_reached("%s cannot be read: run it as root", file);
	close(fd);
	return word;
}

static __u64 pagemap(const char *address)
{
	return word_of("/proc/self/pagemap", (unsigned long)address / PAGE);
}

static void expect_bits(long first, long nr, __u64 set, __u64 clear)
{
	for (long n = first; n < first + nr; n++) {
		__u64 word = pagemap(page(n));

		if ((word & set) != set || word & clear)
			not_reached("page %ld: pagemap %#llx, expected %#llx, without %#llx",
				    n, word, set, clear);
	}
}

/* How many of these pages miss a bit, or have one that they should not have. */
static int other_bits(const char *what, char *address, long nr, __u64 set, __u64 clear)
{
	int wrong = 0;

	for (long i = 0; i < nr; i++) {
		__u64 word = pagemap(address + i * PAGE);

		if ((word & set) == set && !(word & clear))
			continue;
		printf("# %s[%ld]: pagemap %#llx, expected %#llx, without %#llx\n",
		       what, i, word, set, clear);
		wrong++;
	}
	return wrong;
}
