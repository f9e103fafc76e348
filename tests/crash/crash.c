/* SPDX-License-Identifier: MIT */
/*
 * The queue's scenario, ended at every point in every way, and held to the contract after each.
 *
 *   crash [-s STEP] [-m MOST] [-r SEED] [-t SECONDS] [-n LETTERS] [-q] LEVEL...
 *
 * kill    the process dies before each call that reaches the kernel (L1; strace.sh has the real calls)
 * fail    each call fails: ENOSPC, EIO, EROFS, EMFILE, EINTR, once and from there on; short reads and writes (L2)
 * states  every state that a power cut may leave (L4; MOST of them at a point)
 * full    a small tmpfs, and RLIMIT_FSIZE (L6)
 * memory  each allocation fails, once and from there on (L7)
 * clock   at the ends of time, and jumping (L8)
 * twice   the process dies at a sync, another goes on, and the power fails (MOST / 27 states at a point)
 * nosync  mutation check: each sync taken away; every time a state must be found that breaks the contract
 * hands   many processes at one queue, killed at random for SECONDS (hands.h)
 * many    LETTERS in the queue (many.h)
 * list    what the scenario does, for who wants to know what a number means
 * all     all of these
 *
 *   crash run FOLDER RECORD     the scenario, for somebody else to disturb; its record goes to a file
 *   crash held FOLDER RECORD    what it left is held to the contract
 *   crash cut FOLDER RECORD N lose|flush|stay [unsynced]
 *                               the scenario; before the N-th call that changes anything FOLDER's file system is shut down:
 *                               what is not durable is lost, or the journal is written first; `stay`: lost, and the
 *                               process goes on. `unsynced`: no sync does anything. Status 137: it came to that (L3, power.sh)
 *   crash recovered FOLDER RECORD   what that left, after another start of the machine
 *   crash disk FOLDER           fills the file system of FOLDER, and works on (disk.h)
 *
 * STEP: only each STEP-th point. -q: no word of what was broken, and a level ends with it. Status 1 where anything was.
 */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "crash/disk.h"
#include "crash/fault.h"
#include "crash/hands.h"
#include "crash/many.h"
#include "crash/scenario.h"
#include "crash/states.h"
#include "support/failalloc.h"

#define SAME_BOOT "aaaaaaaaaaaaaaaa"
#define NEXT_BOOT "bbbbbbbbbbbbbbbb"

static const scenario_clock ordinary = {.wall = 1795000000, .step = 1, .set = true};

static char parent[200], folder[220];
static outside *o; /* shared with the children */
static unsigned step = 1, most = 81, seed, seconds = 3, letters = 100000;
static bool quiet;

/* "rm -rf", "umount": of the folder that holds the spool. */
static void
run_command(const char *command, const char *behind)
{
	char whole[500];

	snprintf(whole, sizeof whole, "%s %s%s", command, parent, behind);
	if (system(whole))
		exit(2);
}

static void
fresh(void)
{
	run_command("rm -rf", "/*");
	memset(o, 0, sizeof *o);
}

/* What the scenario is disturbed by. */
typedef struct disturbance {
	fault_kind fault;
	unsigned long n;
	int error;
	bool forever;
	size_t alloc;   /* this allocation fails */
	long file_size; /* RLIMIT_FSIZE; -1: none */
	scenario_clock clock;
} disturbance;

/* Runs it in a child. True: the disturbance came about. */
static bool
disturbed(const disturbance *d)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		bool happened;

		if (d->file_size >= 0) {
			struct rlimit limit = {(rlim_t)d->file_size, (rlim_t)d->file_size};

			signal(SIGXFSZ, SIG_IGN);
			setrlimit(RLIMIT_FSIZE, &limit);
		}
		if (d->alloc) {
			if (d->forever)
				email_test_fail_alloc_from(d->alloc);
			else
				email_test_fail_alloc(d->alloc);
		}
		if (d->fault != FAULT_NONE)
			fault_arm(d->fault, d->n, d->error, d->forever);
		scenario_run(folder, o, &d->clock);
		happened = fault_happened();
		fault_off();
		_exit(happened || (d->alloc && email_test_alloc_failed()) ? 1 : 0);
	}
	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status)) {
		fprintf(stderr, "the scenario died of signal %d\n", WTERMSIG(status));
		exit(1);
	}
	return WEXITSTATUS(status) != 0;
}

/* In a child of its own, so that whatever it leaves behind ends with it. */
static int
held(const scenario_rules *rules, const char *label)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		int bad;

		email_test_fail_alloc(0);
		bad = scenario_check(folder, o, rules, label);
		_exit(bad > 100 ? 100 : bad);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 100;
}

static int
one(const disturbance *d, const scenario_rules *rules, const char *label, bool *came)
{
	fresh();
	*came = disturbed(d);
	return held(rules, label);
}

static int
report(const char *level, unsigned long points, int bad)
{
	printf("%-22s %6lu points, %d violations\n", level, points, bad);
	return bad;
}

/* --- L1, L2, L7 --------------------------------------------------------------------------------- */

/* Every n until the scenario runs to its end. */
static int
sweep(disturbance d, const char *what)
{
	scenario_rules rules = {.boot = SAME_BOOT, .quiet = quiet};
	unsigned long n, points = 0;
	bool came = true;
	int bad = 0;

	for (n = 1; came && !(quiet && bad); n += step, points++) {
		char label[100];

		if (d.alloc)
			d.alloc = n;
		else
			d.n = n;
		snprintf(label, sizeof label, "%s at %lu", what, n);
		bad += one(&d, &rules, label, &came);
	}
	return report(what, points, bad);
}

static int
level_kill(void)
{
	return sweep((disturbance){.fault = FAULT_KILL, .file_size = -1, .clock = ordinary}, "killed");
}

static int
level_fail(void)
{
	static const struct {
		int error;
		const char *name;
	} errors[] = {
		{ENOSPC, "ENOSPC"}, {EIO, "EIO"}, {EROFS, "EROFS"}, {EMFILE, "EMFILE"}, {EINTR, "EINTR"}};
	char what[40];
	size_t i;
	int bad = 0;

	for (i = 0; i < sizeof errors / sizeof *errors; i++) {
		disturbance d = {
			.fault = FAULT_ERROR, .error = errors[i].error, .file_size = -1, .clock = ordinary};

		snprintf(what, sizeof what, "%s once", errors[i].name);
		bad += sweep(d, what);
		if (errors[i].error == EINTR)
			continue; /* for ever would be for ever */
		d.forever = true;
		snprintf(what, sizeof what, "%s from there on", errors[i].name);
		bad += sweep(d, what);
	}
	bad += sweep((disturbance){.fault = FAULT_SHORT, .file_size = -1, .clock = ordinary}, "short once");
	bad += sweep((disturbance){.fault = FAULT_SHORT, .forever = true, .file_size = -1, .clock = ordinary},
	             "short from there on");
	return bad;
}

static int
level_memory(void)
{
	int bad = sweep((disturbance){.alloc = 1, .file_size = -1, .clock = ordinary}, "no memory once");

	return bad + sweep((disturbance){.alloc = 1, .forever = true, .file_size = -1, .clock = ordinary},
	                   "no memory from there on");
}

/* --- L4 and its mutation check -------------------------------------------------------------------- */

static fault_op *ops;
enum { OPS_MAX = 4000 };

typedef struct cutting {
	const outside *whole;
	int bad;
	bool first; /* stops at the first violation */
	bool twice;
	unsigned long points;
} cutting;

static bool
cut(void *context, unsigned long op, const char *label)
{
	cutting *c = context;
	scenario_rules rules = {
		.boot = NEXT_BOOT, .weak = true, .twice = c->twice, .quiet = quiet || c->first};
	int i;

	if (c->points++ % step)
		return true;
	*o = *c->whole;
	/* what was said until then, and not one word more; the date is what the server saw until then */
	for (i = 0; i < o->n && o->event[i].op <= op; i++)
		;
	/* a call that did nothing yet has not been made */
	while (i > 0 && o->event[i - 1].op == op && strchr("ecqx", (int)o->event[i - 1].what))
		i--;
	o->n = i;
	o->date[0] = '\0';
	for (i = 0; i < o->n; i++)
		if (o->event[i].what == SAID_BEGUN && o->event[i].mail == 2)
			memcpy(o->date, c->whole->date, sizeof o->date);
	c->bad += held(&rules, label);
	return !(c->first && c->bad);
}

/* Records the scenario, with the n-th call broken in this way (0: none). False: there are not so many. Where the process dies
 * then (nothing that it does after that has any effect), another one goes on. */
static bool
record(fault_kind how, unsigned long n, outside *whole, size_t *count, uint64_t *root)
{
	struct stat st;
	bool happened;
	size_t i;

	for (i = 0; i < *count; i++)
		free(ops[i].bytes);
	fresh();
	if (stat(parent, &st))
		exit(2);
	*root = (uint64_t)st.st_ino;
	fault_record(ops, OPS_MAX);
	fault_arm(n ? how : FAULT_NONE, n, EIO, how == FAULT_HALT);
	scenario_run(folder, o, &ordinary);
	happened = n == 0 || fault_happened();
	fault_off();
	if (n && how == FAULT_HALT)
		scenario_go_on(folder, o, &ordinary);
	*count = fault_recorded();
	fault_record(NULL, 0);
	*whole = *o;
	return happened;
}

/* The syncs of the scenario, and what was done before each: for who wants to know what a number means. */
static int
level_list(void)
{
	static const char *const what[] = {"mkdir", "create", "write", "truncate",
	                                   "sync",  "rename", "unlink"};
	outside whole;
	uint64_t root;
	size_t n = 0, i, syncs = 0;
	int event = 0;

	record(FAULT_NONE, 0, &whole, &n, &root);
	for (i = 0; i < n; i++) {
		for (; event < whole.n && whole.event[event].op <= i; event++)
			printf("            %c %d %d\n", (int)whole.event[event].what,
			       whole.event[event].mail, whole.event[event].rcpt);
		printf("%4zu %4zu %s %s of %llx in %llx\n", i, ops[i].what == DID_SYNC ? ++syncs : 0,
		       what[ops[i].what], ops[i].name, (unsigned long long)ops[i].inode,
		       (unsigned long long)ops[i].folder);
	}
	return 0;
}

static int
level_states(void)
{
	outside whole;
	uint64_t root;
	size_t n = 0;
	cutting c = {.whole = &whole, .first = quiet};

	record(FAULT_NONE, 0, &whole, &n, &root);
	if (n >= OPS_MAX || whole.n < 40) {
		fprintf(stderr, "the scenario was not recorded: %zu operations, %d events\n", n, whole.n);
		return 1;
	}
	states_build(ops, n, root, parent, 0, most, false, cut, &c);
	return report("power cut", (c.points + step - 1) / step, c.bad);
}

static int
level_twice(void)
{
	outside whole;
	uint64_t root;
	size_t n = 0;
	cutting c = {.whole = &whole, .first = quiet, .twice = true};
	unsigned keep = step;
	unsigned long at;

	step = 1;
	for (at = 1; record(FAULT_HALT, at, &whole, &n, &root) && !(quiet && c.bad); at += keep)
		states_build(ops, n, root, parent, fault_at(), most / 27, true, cut, &c);
	step = keep;
	return report("dead, then power cut", c.points, c.bad);
}

/* Which of the recorded syncs make something durable. */
static size_t
find_syncs(bool *matters, size_t max)
{
	outside whole;
	uint64_t root;
	size_t n = 0, i, syncs = 0;

	record(FAULT_NONE, 0, &whole, &n, &root);
	for (i = 0; i < n && syncs < max; i++)
		if (ops[i].what == DID_SYNC)
			matters[syncs++] = states_sync_matters(ops, i, ops[i].inode);
	return syncs;
}

static int
level_nosync(void)
{
	static bool matters[500];
	size_t n = 0, i, syncs = find_syncs(matters, 500);
	unsigned keep = step, taken = 0, idle = 0, missed = 0;

	step = 1;
	for (i = 0; i < syncs; i += keep) {
		outside whole;
		uint64_t root;
		cutting c = {.whole = &whole, .first = true};

		/* as when a folder is opened that was there already */
		if (!matters[i]) {
			idle++;
			continue;
		}
		taken++;
		if (!record(FAULT_NOSYNC, i + 1, &whole, &n, &root))
			exit(2);
		states_build(ops, n, root, parent, fault_at(), most, false, cut, &c);
		if (c.bad == 0) {
			missed++;
			printf("sync %zu can be taken away and nobody notices (%lu states)\n", i + 1,
			       c.points);
		}
	}
	step = keep;
	printf("%-22s %6u points, %u missed; %u had nothing to do\n", "syncs taken away", taken, missed,
	       idle);
	return (int)missed;
}

/* --- L6 ------------------------------------------------------------------------------------------- */

static int
level_full(void)
{
	static const int sizes[] = {64, 72, 80, 96, 112, 128, 160};
	scenario_rules rules = {.boot = SAME_BOOT, .quiet = quiet};
	disturbance d = {.file_size = -1, .clock = ordinary};
	unsigned long points = 0;
	char label[100], mount[300];
	bool came;
	size_t i;
	long size;
	int bad = 0;

	for (size = 0; size < 60000; size += size < 3000 ? 50 : 3001, points++) {
		d.file_size = size;
		snprintf(label, sizeof label, "files of %ld bytes at most", size);
		bad += one(&d, &rules, label, &came);
	}
	bad = report("RLIMIT_FSIZE", points, bad);
	d.file_size = -1;
	if (geteuid() != 0) {
		printf("%-22s SKIP: only root can mount a small tmpfs\n", "tmpfs");
		return bad;
	}
	for (i = points = 0; i < sizeof sizes / sizeof *sizes; i++, points++) {
		int now;

		fresh();
		snprintf(mount, sizeof mount, "mount -t tmpfs -o size=%dk tmpfs %s 2>/dev/null", sizes[i],
		         parent);
		if (system(mount)) {
			printf("%-22s SKIP: tmpfs cannot be mounted here\n", "tmpfs");
			return bad;
		}
		disturbed(&d);
		snprintf(label, sizeof label, "a disk of %d KiB", sizes[i]);
		now = held(&rules, label);
		run_command("umount", "");
		bad += now;
	}
	bad = report("tmpfs", points, bad);
	fresh();
	snprintf(mount, sizeof mount, "mount -t tmpfs -o size=512k tmpfs %s", parent);
	if (system(mount))
		return bad + 1;
	bad += disk_run(folder);
	run_command("umount", "");
	return bad;
}

/* --- L8 ------------------------------------------------------------------------------------------- */

static int
level_clock(void)
{
	static const int64_t walls[] = {0, 1795000000, 2085978496, 2147483640, 4102444800};
	static const int64_t steps[] = {0, 1, -86400, 86400, -INT64_C(315360000), 315360000};
	scenario_rules rules = {.boot = SAME_BOOT, .any_day = true, .quiet = quiet};
	unsigned long points = 0;
	size_t i, j;
	int bad = 0, set;

	for (i = 0; i < sizeof walls / sizeof *walls; i++)
		for (j = 0; j < sizeof steps / sizeof *steps; j++)
			for (set = 0; set < 2; set++, points++) {
				disturbance d = {
					.file_size = -1,
					.clock = {.wall = walls[i], .step = steps[j], .set = set != 0}};
				char label[100];
				bool came;

				snprintf(label, sizeof label, "clock at %lld, %lld each step",
				         (long long)walls[i], (long long)steps[j]);
				bad += one(&d, &rules, label, &came);
			}
	return report("clock", points, bad);
}

/* --- many ----------------------------------------------------------------------------------------- */

static int
level_hands(void)
{
	fresh();
	return hands_run(folder, seed, (long)seconds * 1000);
}

static int
level_many(void)
{
	fresh();
	return many_run(folder, letters);
}

/* --- the whole ------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	int (*run)(void);
} levels[] = {{"kill", level_kill},     {"fail", level_fail},     {"states", level_states},
              {"full", level_full},     {"memory", level_memory}, {"clock", level_clock},
              {"nosync", level_nosync}, {"twice", level_twice},   {"hands", level_hands},
              {"many", level_many},     {"list", level_list}};

/* Memory that is shared with children, and with RECORD where there is one. */
static void
share(const char *path)
{
	int fd = path ? open(path, O_RDWR | O_CREAT, 0600) : -1;

	if (path && (fd < 0 || ftruncate(fd, sizeof *o)))
		exit(2);
	o = mmap(NULL, sizeof *o, PROT_READ | PROT_WRITE, path ? MAP_SHARED : MAP_SHARED | MAP_ANONYMOUS, fd,
	         0);
	if (o == MAP_FAILED)
		exit(2);
	if (fd >= 0)
		close(fd);
}

/* The folder itself is not there yet; the one above it is. */
static int
cut_power(char **argument, bool unsynced)
{
	const char *how = argument[4], *slash = strrchr(folder, '/');
	char above[sizeof folder];

	if (!slash)
		return 64;
	snprintf(above, sizeof above, "%.*s", (int)(slash - folder), folder);
	if (!fault_power(above, strcmp(how, "flush") == 0))
		return 2;
	if (unsynced)
		fault_forget_syncs();
	fault_arm(FAULT_POWER, (unsigned long)atol(argument[3]), 0, strcmp(how, "stay") == 0);
	scenario_run(folder, o, &ordinary);
	return fault_happened() ? 137 : 0;
}

static int
for_others(char **argument, int n)
{
	scenario_rules rules = {.boot = SAME_BOOT, .quiet = quiet};

	if (strcmp(argument[0], "disk") == 0)
		return disk_run(argument[1]) != 0;
	share(argument[2]);
	snprintf(folder, sizeof folder, "%s", argument[1]);
	if (n >= 5 && strcmp(argument[0], "cut") == 0)
		return cut_power(argument, n == 6);
	if (strcmp(argument[0], "recovered") == 0)
		rules.boot = NEXT_BOOT;
	if (strcmp(argument[0], "run") != 0)
		return held(&rules, argument[2]) != 0;
	scenario_run(folder, o, &ordinary);
	return 0;
}

/* The commands for scripts, and how many words they have. */
static bool
is_for_others(char **argument, int n)
{
	static const struct {
		const char *name;
		int least, most;
	} commands[] = {{"run", 3, 3}, {"held", 3, 3}, {"cut", 5, 6}, {"recovered", 3, 3}, {"disk", 2, 2}};
	size_t i;

	for (i = 0; i < sizeof commands / sizeof *commands; i++)
		if (n > 0 && strcmp(argument[0], commands[i].name) == 0)
			return n >= commands[i].least && n <= commands[i].most;
	return false;
}

int
main(int argc, char **argv)
{
	int option, bad = 0, i;
	size_t level;

	while ((option = getopt(argc, argv, "s:m:r:t:n:q")) != -1)
		switch (option) {
		case 's': step = (unsigned)atoi(optarg); break;
		case 'm': most = (unsigned)atoi(optarg); break;
		case 'r': seed = (unsigned)strtoul(optarg, NULL, 10); break;
		case 't': seconds = (unsigned)atoi(optarg); break;
		case 'n': letters = (unsigned)atoi(optarg); break;
		case 'q': quiet = true; break;
		default: return 64;
		}
	if (seed == 0)
		seed = (unsigned)time(NULL) ^ (unsigned)getpid();
	if (is_for_others(argv + optind, argc - optind))
		return for_others(argv + optind, argc - optind);
	/* a sync costs nothing there, and it is not the disk that is tried here */
	snprintf(parent, sizeof parent, "%s/crash.XXXXXX",
	         access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	if (step < 1 || optind == argc || !mkdtemp(parent))
		return 64;
	snprintf(folder, sizeof folder, "%s/q", parent);
	share(NULL);
	ops = calloc(OPS_MAX, sizeof *ops);
	if (!ops)
		return 2;
	for (i = optind; i < argc; i++)
		for (level = 0; level < sizeof levels / sizeof *levels; level++)
			if ((strcmp(argv[i], "all") == 0 && levels[level].run != level_list) ||
			    strcmp(argv[i], levels[level].name) == 0)
				bad += levels[level].run();
	run_command("rm -rf", "");
	return bad ? 1 : 0;
}
