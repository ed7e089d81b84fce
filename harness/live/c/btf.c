/* SPDX-License-Identifier: GPL-2.0-only */
#include <fcntl.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "live.h"

static struct {
	const char *strings;
	size_t strings_length;
	const struct btf_type **types; /* by id, from 1 */
	unsigned count;
} btf;

/* Bytes that follow the three words of a type; -1 for a kind that this file does not know. */
static long bytes_after(const struct btf_type *type)
{
	unsigned nr = BTF_INFO_VLEN(type->info);

	switch (BTF_INFO_KIND(type->info)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return 4;
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return nr * sizeof(struct btf_member);
	case BTF_KIND_ENUM:
	case BTF_KIND_FUNC_PROTO:
		return nr * 8L;
	case BTF_KIND_DATASEC:
	case BTF_KIND_ENUM64:
		return nr * 12L;
	default:
		return BTF_INFO_KIND(type->info) <= BTF_KIND_ENUM64 ? 0 : -1;
	}
}

static char *whole_file(const char *path, size_t *length)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t room = 16 << 20;
	char *bytes = fd < 0 ? NULL : malloc(room);
	ssize_t got;

	*length = 0;
	while (bytes && (got = read(fd, bytes + *length, room - *length)) > 0)
		*length += got;
	if (fd >= 0)
		close(fd);
	return bytes;
}

static bool load(void)
{
	size_t length, at = 0;
	char *file = whole_file("/sys/kernel/btf/vmlinux", &length);
	const struct btf_header *header = (void *)file;
	const char *types;

	if (!file || length < sizeof(*header) || header->magic != BTF_MAGIC ||
	    (size_t)header->hdr_len + header->type_off + header->type_len > length ||
	    (size_t)header->hdr_len + header->str_off + header->str_len > length)
		return false;
	types = file + header->hdr_len + header->type_off;
	btf.strings = file + header->hdr_len + header->str_off;
	btf.strings_length = header->str_len;
	btf.types = calloc(header->type_len / sizeof(struct btf_type) + 2, sizeof(*btf.types));
	while (btf.types && at + sizeof(struct btf_type) <= header->type_len) {
		const struct btf_type *type = (const void *)(types + at);
		long more = bytes_after(type);

		if (more < 0)
			break; /* what is behind an unknown kind is not found; the structures asked for lie before */
		btf.types[++btf.count] = type;
		at += sizeof(*type) + more;
	}
	return btf.count;
}

static bool named(uint32_t offset, const char *name)
{
	return offset < btf.strings_length && !strcmp(btf.strings + offset, name);
}

/* The offset of a member in bits, looked for in anonymous members too; -1 if there is none. */
static long member_bits(const struct btf_type *type, const char *name)
{
	const struct btf_member *members = (const void *)(type + 1);

	for (unsigned i = 0; i < BTF_INFO_VLEN(type->info); i++) {
		uint32_t bits = members[i].offset;
		uint32_t id = members[i].type;
		long inside;

		if (BTF_INFO_KFLAG(type->info))
			bits = BTF_MEMBER_BIT_OFFSET(bits);
		if (named(members[i].name_off, name))
			return bits;
		if (members[i].name_off || !id || id > btf.count)
			continue;
		if (BTF_INFO_KIND(btf.types[id]->info) != BTF_KIND_STRUCT &&
		    BTF_INFO_KIND(btf.types[id]->info) != BTF_KIND_UNION)
			continue;
		inside = member_bits(btf.types[id], name);
		if (inside >= 0)
			return bits + inside;
	}
	return -1;
}

static const struct btf_type *type_named(int kind, const char *name)
{
	if (!btf.count && !load())
		return NULL;
	for (unsigned id = 1; id <= btf.count; id++)
		if (BTF_INFO_KIND(btf.types[id]->info) == (unsigned)kind && named(btf.types[id]->name_off, name))
			return btf.types[id];
	return NULL;
}

long btf_offset(const char *structure, const char *member)
{
	const struct btf_type *type = type_named(BTF_KIND_STRUCT, structure);
	long bits = type ? member_bits(type, member) : -1;

	return bits < 0 ? -1 : bits / 8;
}

long btf_size(const char *structure)
{
	const struct btf_type *type = type_named(BTF_KIND_STRUCT, structure);

	return type ? (long)type->size : -1;
}

long btf_value(const char *enumeration, const char *name)
{
	const struct btf_type *type = type_named(BTF_KIND_ENUM, enumeration);
	const struct btf_enum *values = type ? (const void *)(type + 1) : NULL;

	for (unsigned i = 0; type && i < BTF_INFO_VLEN(type->info); i++)
		if (named(values[i].name_off, name))
			return values[i].val;
	return -1;
}
