/* SPDX-License-Identifier: GPL-2.0-only */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "live.h"

bool file_says(const char *path, char *line, int room)
{
	FILE *file = fopen(path, "re");
	bool any = file && fgets(line, room, file);

	if (file)
		fclose(file);
	return any;
}

bool set_file(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool set = fd >= 0 && write(fd, value, strlen(value)) > 0;

	if (fd >= 0)
		close(fd);
	return set;
}
