/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A program of type SYSCALL that runs when it is asked to (BPF_PROG_TEST_RUN) and copies one page of kernel memory into
 * an array that is mapped here. It changes nothing of what it reads.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "live.h"

static struct {
	uint64_t address; /* what to copy from */
	int64_t failed;
	uint64_t task;
	uint64_t unused;
} context;

static int program = -1;
static const uint64_t *copy;
static char why[200];

static int bpf(int command, union bpf_attr *attr)
{
	return syscall(__NR_bpf, command, attr, sizeof(*attr));
}

static const char *refused(const char *what)
{
	snprintf(why, sizeof(why), "%s: %s", what, strerror(errno));
	return why;
}

#define INSN(op, dst, src, offset, value) \
	{ .code = (op), .dst_reg = (dst), .src_reg = (src), .off = (offset), .imm = (value) }
#define LOAD(dst, src, offset) INSN(BPF_LDX | BPF_MEM | BPF_DW, dst, src, offset, 0)
#define STORE(dst, offset, src) INSN(BPF_STX | BPF_MEM | BPF_DW, dst, src, offset, 0)
#define MOVE(dst, src) INSN(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0)
#define SET(dst, value) INSN(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, value)
#define CALL(function) INSN(BPF_JMP | BPF_CALL, 0, 0, 0, function)

static int load(int map)
{
	const struct bpf_insn instructions[] = {
		MOVE(6, 1), /* r6 = context */
		CALL(BPF_FUNC_get_current_task),
		STORE(6, offsetof(typeof(context), task), 0),
		LOAD(3, 6, offsetof(typeof(context), address)),
		INSN(BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_VALUE, 0, map), /* r1 = the array */
		INSN(0, 0, 0, 0, 0),
		SET(2, PAGE),
		CALL(BPF_FUNC_probe_read_kernel), /* (to, length, from) */
		STORE(6, offsetof(typeof(context), failed), 0),
		SET(0, 0),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SYSCALL,
		.insn_cnt = sizeof(instructions) / sizeof(instructions[0]),
		.insns = (uintptr_t)instructions,
		.license = (uintptr_t)"GPL",
		.prog_flags = BPF_F_SLEEPABLE,
	};

	return bpf(BPF_PROG_LOAD, &attr);
}

const char *kernel_memory_open(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = PAGE,
		.max_entries = 1,
		.map_flags = BPF_F_MMAPABLE,
	};
	int map = bpf(BPF_MAP_CREATE, &attr);
	void *mapped;

	if (map < 0)
		return refused("bpf(BPF_MAP_CREATE)");
	mapped = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, map, 0);
	if (mapped == MAP_FAILED)
		return refused("mmap of a BPF array");
	program = load(map);
	if (program < 0)
		return refused("bpf(BPF_PROG_LOAD)");
	copy = mapped;
	kernel_page(0);
	return context.task ? NULL : refused("bpf(BPF_PROG_TEST_RUN)");
}

const uint64_t *kernel_page(uint64_t address)
{
	union bpf_attr attr = {
		.test = {
			.prog_fd = program,
			.ctx_in = (uintptr_t)&context,
			.ctx_size_in = sizeof(context),
		},
	};

	context.address = address;
	context.failed = -1;
	if (bpf(BPF_PROG_TEST_RUN, &attr) < 0)
		return NULL;
	return context.failed ? NULL : copy;
}

uint64_t kernel_task(void)
{
	return context.task;
}

uint64_t kernel_pointer(uint64_t address)
{
	const uint64_t *page = address ? kernel_page(address) : NULL;

	return page ? page[0] : 0;
}

uint64_t kernel_symbol(const char *name)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	unsigned long long address = 0, at;
	char line[300], symbol[200];

	while (file && !address && fgets(line, sizeof(line), file))
		if (sscanf(line, "%llx %*c %199s", &at, symbol) == 2 && !strcmp(symbol, name))
			address = at;
	if (file)
		fclose(file);
	return address;
}
