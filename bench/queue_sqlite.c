/* SPDX-License-Identifier: MIT */
/* SQLite as a queue: a row for each mail, a transaction for each row, durable when it is committed (WAL, synchronous=FULL). */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "job.h"

/* Writers wait for each other. */
#define PATIENCE_MS 60000

static int
opened(const bench_job *job, sqlite3 **db)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/queue.db", job->file);
	if (sqlite3_open(path, db) != SQLITE_OK || sqlite3_busy_timeout(*db, PATIENCE_MS) != SQLITE_OK)
		return 1;
	return sqlite3_exec(*db,
	                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
	                    "CREATE TABLE IF NOT EXISTS queue (id INTEGER PRIMARY KEY, priority INTEGER, sender TEXT,"
	                    " recipient TEXT, message BLOB)",
	                    NULL, NULL, NULL) != SQLITE_OK;
}

static int
enqueue(sqlite3 *db)
{
	static const char insert[] = "INSERT INTO queue (priority, sender, recipient, message) VALUES (5, ?, ?, ?)";
	static sqlite3_stmt *s;

	if (!s && sqlite3_prepare_v2(db, insert, -1, &s, NULL) != SQLITE_OK)
		return 1;
	sqlite3_bind_text(s, 1, BENCH_FROM, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 2, BENCH_TO, -1, SQLITE_STATIC);
	sqlite3_bind_blob(s, 3, bench_mail(), (int)strlen(bench_mail()), SQLITE_STATIC);
	return sqlite3_step(s) != SQLITE_DONE || sqlite3_reset(s) != SQLITE_OK;
}

int
bench_run(const bench_job *job)
{
	sqlite3 *db = NULL;
	int failed = opened(job, &db);
	long i;

	for (i = 0; i < job->count && !failed; i++)
		failed = enqueue(db);
	if (failed)
		fprintf(stderr, "SQLite: %s\n", sqlite3_errmsg(db));
	/* no sqlite3_close(): it would write the whole log back, which a program that lives for years does not */
	return failed;
}
