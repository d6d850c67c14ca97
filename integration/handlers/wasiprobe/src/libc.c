// What programs in C do with their library, wasi-libc, which brings in what it
// needs of WASI by itself. It prints what it finds; a test reads the log.
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "edge.h"

static int constructed;
__attribute__((constructor)) static void construct(void) { constructed++; }

static long ms_between(struct timespec a, struct timespec b) {
	return (b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000;
}

EDGE_EXPORT("edge_handle") int edge_handle(int event) {
	printf("constructed %d\n", constructed);
	printf("half a line, ");
	fprintf(stderr, "to standard error\n");
	printf("and the other half\n");

	printf("fopen %d\n", fopen("/etc/hosts", "r") != NULL);
	printf("open %d\n", open("new.txt", O_CREAT | O_WRONLY, 0644));
	printf("opendir %d\n", opendir("/") != NULL);
	struct stat st;
	printf("stat %d, fstat %d\n", stat("/", &st), fstat(1, &st));
	printf("getenv %d\n", getenv("HOME") != NULL);
	printf("getchar %d\n", getchar());
	printf("lseek %ld\n", (long)lseek(1, 0, SEEK_CUR));

	char *p = malloc(4 << 20);
	if (p == NULL) abort();
	memset(p, 7, 4 << 20);
	printf("malloc %d\n", p[4 << 19]);
	free(p);

	struct timespec before, after, wait = {0, 30 * 1000 * 1000};
	clock_gettime(CLOCK_MONOTONIC, &before);
	nanosleep(&wait, NULL);
	clock_gettime(CLOCK_MONOTONIC, &after);
	printf("slept %d\n", ms_between(before, after) >= 30);
	printf("this century %d\n", time(NULL) > 946684800);
	char a[16] = {0}, b[16] = {0};
	int failed = getentropy(a, sizeof a) || getentropy(b, sizeof b);
	printf("getentropy %d, differs %d\n", failed, memcmp(a, b, sizeof a) != 0);

	if (event == EDGE_ORIGIN_REQUEST) exit(3);
	if (event == EDGE_ORIGIN_RESPONSE) abort();
	printf("no line feed");
	fflush(stdout); // else the library keeps it until the next line
	return EDGE_CONTINUE;
}
