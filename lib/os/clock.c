/* SPDX-License-Identifier: MIT */
#include "os/clock.h"

#include <pthread.h>
#include <stdbool.h>
#include <time.h>

#include "base/calendar.h"

int64_t
email__clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t
email__clock_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void
email__clock_sleep(long ms)
{
	const struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&t, NULL);
}

int64_t
email__clock_wall(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec;
}

static pthread_mutex_t zone = PTHREAD_MUTEX_INITIALIZER;

int
email__clock_local_offset(int64_t wall)
{
	time_t t = (time_t)wall;
	struct tm tm;
	int64_t local;

	bool known;

	/* localtime_r() need not look at TZ by itself (POSIX), and tzset() may change what others read just then */
	pthread_mutex_lock(&zone);
	tzset();
	known = localtime_r(&t, &tm) != NULL;
	pthread_mutex_unlock(&zone);
	if (!known)
		return 0;
	local = email__calendar_days((int64_t)tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday) * 86400 +
	        tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec;
	return (int)((local - wall) / 60);
}
