/* SPDX-License-Identifier: MIT */
#include "crash/states.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queue/crc.h"

enum { OPS_MAX = 4000, NAMES_MAX = 400, SEEN_MAX = 1 << 16 };

/* How an operation came out. */
typedef enum fate {
	KEPT,
	DROPPED,
	HALF,  /* of a write */
	TWICE, /* of a rename: both names */
	LOST   /* of a rename: neither */
} fate;

typedef struct name {
	uint64_t folder, inode;
	char name[48];
	bool is_folder;
} name;

typedef struct states {
	fault_op *ops;
	size_t n;
	fate chosen[OPS_MAX];
	size_t open[OPS_MAX]; /* operations that may come out in more than one way */
	fate ways[OPS_MAX][3];
	unsigned way_count[OPS_MAX];
	size_t open_count;
	name names[NAMES_MAX];
	size_t name_count;
	uint64_t seen[SEEN_MAX];
	unsigned long visited;
	uint64_t root;
	bool journal;
	const char *parent;
	states_visit visit;
	void *context;
	bool stop;
} states;

/* Inodes are used again, once a file is gone: each file gets a number of its own. */
static void
number(states *s)
{
	uint64_t next = UINT64_C(1) << 40;
	size_t i, j;

	for (i = 0; i < s->n; i++) {
		uint64_t was = s->ops[i].inode;

		if (s->ops[i].what != DID_CREATE)
			continue;
		next++;
		for (j = i; j < s->n && (j == i || s->ops[j].what != DID_CREATE || s->ops[j].inode != was);
		     j++)
			if (s->ops[j].inode == was && s->ops[j].what != DID_MKDIR)
				s->ops[j].inode = next;
	}
}

static bool
synced(const states *s, uint64_t inode, size_t from, size_t to)
{
	size_t i;

	for (i = from + 1; i < to; i++)
		if (s->ops[i].what == DID_SYNC && s->ops[i].inode == inode)
			return true;
	return false;
}

static void
ways(states *s, size_t op, unsigned n, fate a, fate b, fate c)
{
	const fate all[3] = {a, b, c};

	s->open[s->open_count] = op;
	memcpy(s->ways[s->open_count], all, sizeof all);
	s->way_count[s->open_count++] = n;
}

/* Which of the first k operations are not durable. */
static void
find_open(states *s, size_t k)
{
	size_t i;

	s->open_count = 0;
	for (i = 0; i < k; i++) {
		const fault_op *op = &s->ops[i];
		bool there, here;

		s->chosen[i] = KEPT;
		switch (op->what) {
		case DID_WRITE:
			if (!synced(s, op->inode, i, k))
				ways(s, i, 3, KEPT, DROPPED, HALF);
			break;
		case DID_TRUNCATE:
			if (!synced(s, op->inode, i, k))
				ways(s, i, 2, KEPT, DROPPED, KEPT);
			break;
		case DID_MKDIR:
		case DID_CREATE:
		case DID_UNLINK:
			if (!synced(s, op->folder, i, k))
				ways(s, i, 2, KEPT, DROPPED, KEPT);
			break;
		case DID_RENAME:
			there = synced(s, op->folder, i, k);
			here = synced(s, op->from, i, k);
			if (op->folder == op->from && !there)
				ways(s, i, 2, KEPT, DROPPED, KEPT);
			else if (s->journal && !there && !here)
				ways(s, i, 2, KEPT, DROPPED, KEPT);
			else if (s->journal)
				break;
			else if (!there && !here)
				ways(s, i, 3, KEPT, DROPPED, TWICE);
			else if (there && !here)
				ways(s, i, 2, KEPT, TWICE, KEPT);
			else if (!there)
				ways(s, i, 2, KEPT, LOST, KEPT);
			break;
		case DID_SYNC: break;
		}
	}
}

/* --- a state ------------------------------------------------------------------------------------ */

static name *
find_name(states *s, uint64_t folder, const char *text)
{
	size_t i;

	for (i = 0; i < s->name_count; i++)
		if (s->names[i].folder == folder && strcmp(s->names[i].name, text) == 0)
			return &s->names[i];
	return NULL;
}

static void
unname(states *s, uint64_t folder, const char *text)
{
	name *n = find_name(s, folder, text);

	if (n)
		*n = s->names[--s->name_count];
}

static void
give_name(states *s, uint64_t folder, const char *text, uint64_t inode, bool is_folder)
{
	name *n;

	unname(s, folder, text);
	if (s->name_count == NAMES_MAX)
		abort();
	n = &s->names[s->name_count++];
	*n = (name){.folder = folder, .inode = inode, .is_folder = is_folder};
	memcpy(n->name, text, sizeof n->name);
}

static void
apply_names(states *s, size_t k)
{
	size_t i;

	s->name_count = 0;
	for (i = 0; i < k; i++) {
		const fault_op *op = &s->ops[i];
		fate f = s->chosen[i];

		if (f == DROPPED)
			continue;
		if (op->what == DID_MKDIR || op->what == DID_CREATE)
			give_name(s, op->folder, op->name, op->inode, op->what == DID_MKDIR);
		else if (op->what == DID_UNLINK)
			unname(s, op->folder, op->name);
		else if (op->what == DID_RENAME) {
			if (f != TWICE)
				unname(s, op->from, op->old);
			if (f != LOST)
				give_name(s, op->folder, op->name, op->inode, false);
		}
	}
}

static unsigned char *
content(const states *s, size_t k, uint64_t inode, size_t *size)
{
	unsigned char *bytes = calloc(1, 200000);
	size_t i;

	*size = 0;
	for (i = 0; i < k && bytes; i++) {
		const fault_op *op = &s->ops[i];
		size_t n = s->chosen[i] == HALF ? op->n / 2 : op->n;

		if (op->inode != inode || s->chosen[i] == DROPPED)
			continue;
		if (op->what == DID_WRITE && op->at + n <= 200000) {
			memcpy(bytes + op->at, op->bytes, n);
			if (op->at + n > *size)
				*size = op->at + n;
		} else if (op->what == DID_TRUNCATE)
			*size = op->at;
	}
	return bytes;
}

static uint64_t
folder_sum(states *s, size_t k, uint64_t folder)
{
	uint64_t sum = 1;
	size_t i, size;

	for (i = 0; i < s->name_count; i++) {
		const name *n = &s->names[i];
		uint64_t one;
		unsigned char *bytes;

		if (n->folder != folder)
			continue;
		one = email__crc64(folder, n->name, strlen(n->name));
		if (n->is_folder)
			one ^= folder_sum(s, k, n->inode) * 31;
		else {
			bytes = content(s, k, n->inode, &size);
			one = email__crc64(one, bytes, size);
			free(bytes);
		}
		sum += one;
	}
	return sum;
}

static void
build(states *s, size_t k, uint64_t folder, const char *path)
{
	size_t i, size;

	for (i = 0; i < s->name_count; i++) {
		const name *n = &s->names[i];
		char mine[600];
		unsigned char *bytes;
		int fd;

		if (n->folder != folder)
			continue;
		snprintf(mine, sizeof mine, "%s/%s", path, n->name);
		if (n->is_folder) {
			if (mkdir(mine, 0700))
				abort();
			build(s, k, n->inode, mine);
			continue;
		}
		bytes = content(s, k, n->inode, &size);
		fd = open(mine, O_WRONLY | O_CREAT | O_EXCL, 0600);
		if (fd < 0 || pwrite(fd, bytes, size, 0) != (ssize_t)size)
			abort();
		close(fd);
		free(bytes);
	}
}

static bool
seen(states *s, uint64_t sum)
{
	size_t at = (size_t)(sum % SEEN_MAX);

	for (; s->seen[at]; at = (at + 1) % SEEN_MAX)
		if (s->seen[at] == sum)
			return true;
	if (s->visited < SEEN_MAX - 100)
		s->seen[at] = sum;
	return false;
}

static void
visit(states *s, size_t k)
{
	char command[600], label[200];
	size_t i, n;

	apply_names(s, k);
	/* what happened outside until then belongs to the state, too */
	if (s->stop || seen(s, (folder_sum(s, k, s->root) ^ k * UINT64_C(0x9E3779B97F4A7C15)) | 1))
		return;
	snprintf(command, sizeof command, "rm -rf %s/*", s->parent);
	if (system(command))
		abort();
	build(s, k, s->root, s->parent);
	n = (size_t)snprintf(label, sizeof label, "cut after %zu of %zu", k, s->n);
	for (i = 0; i < s->open_count && n + 30 < sizeof label; i++)
		if (s->chosen[s->open[i]] != KEPT)
			n += (size_t)snprintf(label + n, sizeof label - n, ", %zu %s", s->open[i],
			                      s->chosen[s->open[i]] == DROPPED ? "dropped"
			                      : s->chosen[s->open[i]] == HALF  ? "half"
			                      : s->chosen[s->open[i]] == TWICE ? "twice"
			                                                       : "lost");
	s->visited++;
	if (!s->visit(s->context, (unsigned long)k, label))
		s->stop = true;
}

static void
choose(states *s, size_t i, unsigned way)
{
	s->chosen[s->open[i]] = s->ways[i][way];
}

static void
all_alike(states *s, unsigned way)
{
	size_t i;

	for (i = 0; i < s->open_count; i++)
		choose(s, i, way < s->way_count[i] ? way : 0);
}

static void
every_one(states *s, size_t k, size_t from)
{
	unsigned way;

	if (from == s->open_count) {
		visit(s, k);
		return;
	}
	for (way = 0; way < s->way_count[from] && !s->stop; way++) {
		choose(s, from, way);
		every_one(s, k, from + 1);
	}
}

/* All kept, all dropped, each alone kept or otherwise, and some by chance. */
static void
some(states *s, size_t k, unsigned most)
{
	unsigned way, random = (unsigned)k * 2654435761u + 1;
	size_t i, round;

	for (way = 0; way < 3; way++) {
		all_alike(s, way);
		visit(s, k);
	}
	for (round = 0; round < 2 && most > 0; round++)
		for (i = 0; i < s->open_count; i++)
			for (way = round ? 0 : 1; way < (round ? 1 : s->way_count[i]); way++) {
				all_alike(s, (unsigned)round);
				choose(s, i, way);
				visit(s, k);
			}
	for (round = 0; round < most; round++) {
		for (i = 0; i < s->open_count; i++) {
			random = random * 1103515245u + 12345u;
			choose(s, i, (random >> 16) % s->way_count[i]);
		}
		visit(s, k);
	}
}

unsigned long
states_build(fault_op *ops, size_t n, uint64_t root, const char *parent, size_t from, unsigned most,
             bool journal, states_visit visitor, void *context)
{
	states *s = calloc(1, sizeof *s);
	unsigned long visited;
	size_t k, i;

	if (!s || n > OPS_MAX)
		abort();
	s->ops = ops;
	s->n = n;
	s->root = root;
	s->journal = journal;
	s->parent = parent;
	s->visit = visitor;
	s->context = context;
	number(s);
	for (k = from; k <= n && !s->stop; k++) {
		double total = 1;

		/* a sync changes nothing but what is open, which the next point sees */
		find_open(s, k);
		for (i = 0; i < s->open_count; i++)
			total *= s->way_count[i];
		if (total <= most)
			every_one(s, k, 0);
		else
			some(s, k, most / 4);
	}
	visited = s->visited;
	free(s);
	return visited;
}

bool
states_sync_matters(const fault_op *ops, size_t at, uint64_t inode)
{
	size_t i = at;

	while (i-- > 0) {
		const fault_op *op = &ops[i];

		if (op->what == DID_SYNC && op->inode == inode)
			return false;
		/* where these are lost they are made anew */
		if (op->what == DID_CREATE &&
		    (strcmp(op->name, "sequence") == 0 || strcmp(op->name, "worker") == 0))
			continue;
		if (((op->what == DID_WRITE || op->what == DID_TRUNCATE) && op->inode == inode) ||
		    (op->what != DID_WRITE && op->what != DID_TRUNCATE && op->what != DID_SYNC &&
		     (op->folder == inode || (op->what == DID_RENAME && op->from == inode))))
			return true;
	}
	return false;
}
