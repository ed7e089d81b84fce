// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <unistd.h>

/* Documentation/admin-guide/mm/soft-dirty.rst; needs CONFIG_MEM_SOFT_DIRTY. */
static void clear_soft_dirty(void)
{
	int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);

	if (!(pagemap(AREA) & PM_SOFT_DIRTY))
		not_reached("a new mapping is not soft-dirty: no CONFIG_MEM_SOFT_DIRTY");
	if (fd < 0 || write(fd, "4", 1) != 1)
		not_reached("/proc/self/clear_refs cannot be written");
	close(fd);
}
