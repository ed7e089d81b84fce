// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child that maps what the parent mapped, until the parent ends. */
static pid_t witness;
static int question[2], answer[2];

static void __attribute__((noreturn)) answer_questions(void)
{
	long number;

	close(question[1]);
	while (read(question[0], &number, sizeof(number)) == sizeof(number)) {
		unsigned long value = get(page(number));

		if (write(answer[1], &value, sizeof(value)) != sizeof(value))
			break;
	}
	_exit(0);
}

static void fork_witness(void)
{
	if (pipe(question) || pipe(answer))
		not_reached("pipe: %s", strerror(errno));
	witness = fork();
	if (!witness)
		answer_questions();
	if (witness < 0)
		not_reached("fork: %s", strerror(errno));
}

/* What the child finds in a page. */
static unsigned long ask_witness(long number)
{
	unsigned long value;

	if (write(question[1], &number, sizeof(number)) != sizeof(number) ||
	    read(answer[0], &value, sizeof(value)) != sizeof(value))
		not_reached("the child has died");
	return value;
}

static void dismiss_witness(void)
{
	for (int end = 0; end < 2; end++) {
		close(question[end]);
		close(answer[end]);
	}
	kill(witness, SIGKILL);
	waitpid(witness, NULL, 0);
}

/* The child is gone at once; what it mapped stays write-protected here. */
static void fork_and_wait(void)
{
	pid_t child = fork();

	if (!child)
		_exit(0);
	if (child < 0 || waitpid(child, NULL, 0) != child)
		not_reached("fork: %s", strerror(errno));
}
