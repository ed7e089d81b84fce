/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a process gives up before it runs C that nobody vouches for. models/native/confinement.py has the names of the
 * parts that a running kernel may refuse.
 *
 * Two filters of system calls, both lists of what is allowed: the first leaves what loading an object takes, the second
 * what a run takes. Whatever is not on the list is the end of the process, by SIGSYS.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NO_LIMITS = 1, NO_NEW_PRIVS = 2, NO_FILTER = 4, NO_LANDLOCK = 8 };	/* what could not be done */
static int leave_out;	/* for tests: as if the kernel refused these */

#if defined(__x86_64__)
#define HOST_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define HOST_ARCH AUDIT_ARCH_AARCH64
#endif

#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif
#ifndef SECCOMP_RET_KILL_PROCESS
#define SECCOMP_RET_KILL_PROCESS 0x80000000U
#endif

/* -- limits: bytes and seconds */

enum { CPU_SECONDS_OF_A_CHILD = 600, DATA_BYTES = 256 << 20, STACK_BYTES = 16 << 20 };

static int limit(int what, rlim_t most)
{
	struct rlimit limits;

	if (getrlimit(what, &limits))
		return -1;
	if (limits.rlim_max != RLIM_INFINITY && limits.rlim_max < most)
		most = limits.rlim_max;
	limits.rlim_cur = limits.rlim_max = most;
	return setrlimit(what, &limits);
}

static int limited(void)
{
	int failed = 0;

	failed |= limit(RLIMIT_CORE, 0);
	failed |= limit(RLIMIT_FSIZE, 0);
	failed |= limit(RLIMIT_CPU, CPU_SECONDS_OF_A_CHILD);
	failed |= limit(RLIMIT_DATA, DATA_BYTES);
	failed |= limit(RLIMIT_STACK, STACK_BYTES);
	failed |= limit(RLIMIT_NOFILE, 64);
	failed |= limit(RLIMIT_NPROC, 0);
	failed |= limit(RLIMIT_MEMLOCK, 0);
	return failed ? NO_LIMITS : 0;
}

/* -- Landlock: of all files, only those named can be used. Its ABI is fixed; not every libc has the header. */

#define LANDLOCK_CREATE 444
#define LANDLOCK_ADD 445
#define LANDLOCK_RESTRICT 446
enum { LANDLOCK_EXECUTE = 1, LANDLOCK_READ = 4, LANDLOCK_ALL = (1 << 13) - 1, LANDLOCK_OF_FILES = 7, LANDLOCK_BENEATH = 1 };

struct beneath { const char *path; uint64_t allowed; };

static bool is_folder(int file)
{
	struct stat status;

	return !fstat(file, &status) && S_ISDIR(status.st_mode);
}

/* A path that is not there is left out. */
static int landlocked(const struct beneath *paths, int count)
{
	struct { uint64_t handled; } ruleset = { LANDLOCK_ALL };
	struct { uint64_t allowed; int32_t parent; } __attribute__((packed)) rule;
	int rules = syscall(LANDLOCK_CREATE, &ruleset, sizeof(ruleset), 0), failed = 0;

	if (rules < 0)
		return NO_LANDLOCK;
	for (int i = 0; i < count; i++) {
		rule.parent = open(paths[i].path, O_PATH | O_CLOEXEC);
		if (rule.parent < 0)
			continue;
		rule.allowed = is_folder(rule.parent) ? paths[i].allowed : paths[i].allowed & LANDLOCK_OF_FILES;
		failed |= !!syscall(LANDLOCK_ADD, rules, LANDLOCK_BENEATH, &rule, 0);
		close(rule.parent);
	}
	failed |= !!syscall(LANDLOCK_RESTRICT, rules, 0);
	close(rules);
	return failed ? NO_LANDLOCK : 0;
}

static int landlocked_to_objects(char **objects)
{
	struct beneath paths[4];
	int count = 0;

	for (; *objects && count < 4; objects++)
		paths[count++] = (struct beneath) { *objects, LANDLOCK_READ | LANDLOCK_EXECUTE };
	return landlocked(paths, count);
}

/* -- system calls */

#ifdef HOST_ARCH
enum { MOST_INSTRUCTIONS = 256 };
static struct sock_filter program[MOST_INSTRUCTIONS];
static unsigned short length;

static void add(unsigned short code, unsigned char then, unsigned char otherwise, unsigned int k)
{
	if (length < MOST_INSTRUCTIONS)
		program[length++] = (struct sock_filter) { code, then, otherwise, k };
}

static void load(size_t offset) { add(BPF_LD | BPF_W | BPF_ABS, 0, 0, offset); }
static void leave(unsigned int action) { add(BPF_RET | BPF_K, 0, 0, action); }
static void allow(unsigned int call)
{
	add(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, call);
	leave(SECCOMP_RET_ALLOW);
}

/* Where the lower half of argument `number` is `value`: descriptors, processes and flags are no longer than that. */
static void allow_with(unsigned int call, int number, unsigned int value)
{
	add(BPF_JMP | BPF_JEQ | BPF_K, 0, 4, call);
	load(offsetof(struct seccomp_data, args) + 8 * number);
	add(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, value);
	leave(SECCOMP_RET_ALLOW);
	load(offsetof(struct seccomp_data, nr));
}

static void begin(void)
{
	length = 0;
	load(offsetof(struct seccomp_data, arch));
	add(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, HOST_ARCH);
	leave(SECCOMP_RET_KILL_PROCESS);
	load(offsetof(struct seccomp_data, nr));
}

/* What a run takes: the protocol, output that others read, memory for tables and printf(), dying by a signal. */
static void allow_a_run(int in, int out)
{
	allow_with(__NR_read, 0, in);
	allow_with(__NR_write, 0, out);
	allow_with(__NR_write, 0, 1);
	allow_with(__NR_write, 0, 2);
	allow_with(__NR_sched_setaffinity, 0, 0);
	allow_with(__NR_mmap, 2, PROT_NONE);
	allow_with(__NR_mprotect, 2, PROT_READ | PROT_WRITE);
	allow(__NR_brk);
	allow(__NR_fstat);
	allow_with(__NR_newfstatat, 3, AT_EMPTY_PATH);
	allow(__NR_rt_sigreturn);
	allow(__NR_rt_sigaction);
	allow(__NR_rt_sigprocmask);
	allow(__NR_restart_syscall);
	allow(__NR_getpid);
	allow(__NR_gettid);
	allow_with(__NR_tgkill, 0, getpid());
	allow(__NR_exit);
	allow(__NR_exit_group);
}

/* What a dynamic loader takes besides. */
static void allow_loading(void)
{
	allow_with(__NR_openat, 2, O_RDONLY | O_CLOEXEC);
	allow(__NR_read);
	allow(__NR_pread64);
	allow(__NR_close);
	allow(__NR_newfstatat);
	allow(__NR_lseek);
	allow(__NR_mmap);
	allow(__NR_munmap);
	allow(__NR_mprotect);
	allow(__NR_madvise);
	allow(__NR_futex);
	allow(__NR_getcwd);
	allow(__NR_readlinkat);
#ifdef __NR_open
	allow_with(__NR_open, 1, O_RDONLY | O_CLOEXEC);
	allow(__NR_stat);
	allow(__NR_readlink);
	allow(__NR_access);
#endif
#ifdef __NR_getrandom
	allow(__NR_getrandom);
#endif
	allow_with(__NR_seccomp, 0, SECCOMP_SET_MODE_FILTER);
}

static int filter_for(int in, int out, bool loading)
{
	struct sock_fprog filter = { .filter = program };

	if (leave_out & (NO_FILTER | NO_NEW_PRIVS))
		return NO_FILTER;
	begin();
	allow_a_run(in, out);
	if (loading)
		allow_loading();
	leave(SECCOMP_RET_KILL_PROCESS);
	filter.len = length;
	return syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) ? NO_FILTER : 0;
}
#else
static int filter_for(int in, int out, bool loading)
{
	return NO_FILTER;
}
#endif

/* Before `objects`, a list that ends with NULL, are loaded. Returns what could not be done. */
static int confine_loading(pid_t parent, char **objects, int in, int out)
{
	int lacks = 0;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent)
		_exit(2);
	lacks |= leave_out & NO_LIMITS ? NO_LIMITS : limited();
	if (leave_out & NO_NEW_PRIVS || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return lacks | NO_NEW_PRIVS | NO_FILTER | NO_LANDLOCK;
	lacks |= leave_out & NO_LANDLOCK ? NO_LANDLOCK : landlocked_to_objects(objects);
	return lacks | filter_for(in, out, true);
}

/* Before any of their functions is called. */
static int confine_runs(int in, int out)
{
	return filter_for(in, out, false);
}
