// SPDX-License-Identifier: GPL-2.0-only
/*
 * PID 1 of a guest that runs one program and powers off.
 *
 * The program is /program, its arguments are in /arguments, each with a NUL
 * behind it. Its stdout goes to the virtio port "output", its stderr to the
 * console. What becomes of it is written to the port "status", a line each:
 *
 *	note TEXT	something that the run does without
 *	started SECONDS	of uptime; the program runs from here on
 *	exit N		its exit status, or
 *	signal N	the signal that ended it
 *
 * A write to a virtio port returns when the host has taken the data, so both
 * survive a panic.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PORTS		"/sys/class/virtio-ports"
#define THP		"/sys/kernel/mm/transparent_hugepage"
#define SWAP_DISK	"/dev/nvme0n1"
#define SWAP_BYTES	(64L << 20)
#define MAX_ARGUMENTS	1024

static int status = STDERR_FILENO;

static void say(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vdprintf(status, format, list);
	va_end(list);
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));

	if (fd >= 0)
		close(fd);
	return n < 0 ? -1 : 0;
}

/* Calls each() for every name in a folder that does not begin with a dot. */
static void for_each_name(const char *folder, void (*each)(const char *path))
{
	struct dirent **names;
	int n = scandir(folder, &names, NULL, alphasort);
	char path[512];

	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
		if (names[i]->d_name[0] != '.')
			each(path);
	}
}

static void mount_file_systems(void)
{
	static const char *const mounts[][4] = {
		{ "proc", "/proc", "proc", "" },
		{ "sysfs", "/sys", "sysfs", "" },
		{ "devtmpfs", "/dev", "devtmpfs", "" },
		{ "debugfs", "/sys/kernel/debug", "debugfs", "" },
		{ "tmpfs", "/tmp", "tmpfs", "" },
		{ "tmpfs", "/dev/shm", "tmpfs", "huge=advise" },
	};

	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		mkdir(mounts[i][1], 0755);
		mount(mounts[i][0], mounts[i][1], mounts[i][2], 0, mounts[i][3]);
	}
}

static void load_module(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST))
		say("note %s: %s\n", path, strerror(errno));
	close(fd);
}

/* What a file says, up to the end of its first line. */
static char *read_line(const char *path, char *line, int size)
{
	FILE *file = fopen(path, "re");

	line[0] = 0;
	if (file && fgets(line, size, file))
		line[strcspn(line, "\n")] = 0;
	if (file)
		fclose(file);
	return line;
}

/* The virtio port that the host calls `wanted`, by the name in sysfs. */
static int open_port(const char *wanted)
{
	struct dirent *port;
	DIR *ports = opendir(PORTS);
	char path[512], name[64];
	int fd = -1;

	while (ports && fd < 0 && (port = readdir(ports))) {
		snprintf(path, sizeof(path), PORTS "/%s/name", port->d_name);
		if (!strcmp(read_line(path, name, sizeof(name)), wanted)) {
			snprintf(path, sizeof(path), "/dev/%s", port->d_name);
			fd = open(path, O_WRONLY | O_CLOEXEC);
		}
	}
	if (ports)
		closedir(ports);
	return fd;
}

/* Drivers find their devices, and the host tells the names of ports, when init runs already. */
static int wait_for(int (*open_it)(const char *name), const char *name)
{
	int fd = open_it(name);

	for (int i = 0; fd < 0 && i < 300; i++) {
		usleep(10000);
		fd = open_it(name);
	}
	return fd;
}

static int open_device(const char *path)
{
	return open(path, O_RDWR | O_CLOEXEC);
}

static void advise(const char *path)
{
	char file[600];

	if (!strstr(path, "/hugepages-"))
		return;
	snprintf(file, sizeof(file), "%s/enabled", path);
	write_file(file, "madvise");
	snprintf(file, sizeof(file), "%s/shmem_enabled", path);
	write_file(file, "advise");
}

/* Large folios of every order, where a program asks for them with MADV_HUGEPAGE. */
static void enable_large_folios(void)
{
	if (write_file(THP "/enabled", "madvise"))
		say("note no transparent huge pages\n");
	write_file(THP "/shmem_enabled", "advise");
	for_each_name(THP, advise);
}

/* The header that mkswap(8) writes: union swap_header of include/linux/swap.h. */
static int make_swap(int fd)
{
	long size = sysconf(_SC_PAGESIZE);
	char page[size];
	uint32_t info[] = { 1, SWAP_BYTES / size - 1, 0 };

	memset(page, 0, size);
	memcpy(page + 1024, info, sizeof(info));
	memcpy(page + size - 10, "SWAPSPACE2", 10);
	return write(fd, page, size) == size && !fsync(fd) ? 0 : -1;
}

static void enable_swap(void)
{
	const char *device = "/dev/zram0";
	char size[32];
	int fd;

	snprintf(size, sizeof(size), "%ld", SWAP_BYTES);
	if (write_file("/sys/block/zram0/disksize", size))
		device = SWAP_DISK;
	fd = wait_for(open_device, device);
	if (fd < 0 || make_swap(fd) || swapon(device, 0))
		say("note no swap: %s: %s\n", device, strerror(errno));
	close(fd);
}

static void read_arguments(char **arguments)
{
	static char text[1 << 20];
	int fd = open("/arguments", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	int n = 0;

	for (char *p = text; p < text + length && n < MAX_ARGUMENTS - 1; p += strlen(p) + 1)
		arguments[n++] = p;
	arguments[n] = NULL;
	close(fd);
}

static void run(int output)
{
	char *const environment[] = { "PATH=/", "HOME=/tmp", "TMPDIR=/tmp", NULL };
	char *arguments[MAX_ARGUMENTS];
	struct timespec now;
	int how, in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pid_t pid;

	read_arguments(arguments);
	clock_gettime(CLOCK_BOOTTIME, &now);
	say("started %ld.%02ld\n", (long)now.tv_sec, now.tv_nsec / 10000000);
	pid = fork();
	if (!pid) {
		setsid();
		dup2(in, STDIN_FILENO);
		dup2(output, STDOUT_FILENO);
		execve("/program", arguments, environment);
		say("note /program: %s\n", strerror(errno));
		_exit(127);
	}
	/* Orphans of the program end up here as well. */
	while (waitpid(-1, &how, 0) != pid)
		;
	if (WIFSIGNALED(how))
		say("signal %d\n", WTERMSIG(how));
	else
		say("exit %d\n", WEXITSTATUS(how));
}

int main(void)
{
	int output;

	mount_file_systems();
	chdir("/tmp");
	for_each_name("/modules", load_module);
	status = wait_for(open_port, "status");
	output = wait_for(open_port, "output");
	if (status < 0 || output < 0) {
		status = STDERR_FILENO;
		say("pte-review: no virtio port: the kernel needs CONFIG_VIRTIO_CONSOLE and CONFIG_VIRTIO_PCI\n");
	} else {
		enable_large_folios();
		enable_swap();
		run(output);
	}
	sync();
	reboot(RB_POWER_OFF);
	return 1;
}
