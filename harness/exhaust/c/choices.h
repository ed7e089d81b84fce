/* SPDX-License-Identifier: GPL-2.0-only */
/* Case after case: table 0 from the choices of its entries, and what the promise says of each choice. */
enum { MOST_CHOICES = 64 };

/* Entries of table 0 that are chosen together. `says`: for each value 0, or one more than its place in `answers`. */
struct choice { u64 width, nr; const u64 *indices, *values, *says; };

static struct choice choices[MOST_CHOICES];
static u64 nr_choices, digits[MOST_CHOICES];

static void place(u64 number)
{
	const struct choice *c = &choices[number];
	const u64 *values = c->values + digits[number] * c->width;

	for (u64 i = 0; i < c->width; i++)
		images[0][c->indices[i]] = values[i];
}

/* Case number `number`: mixed radix, the last choice varies fastest. */
static void seek(u64 number)
{
	for (u64 i = nr_choices; i-- > 0;) {
		digits[i] = number % choices[i].nr;
		number /= choices[i].nr;
		place(i);
	}
}

static void advance(void)
{
	for (u64 i = nr_choices; i-- > 0;) {
		if (++digits[i] < choices[i].nr) {
			place(i);
			return;
		}
		digits[i] = 0;
		place(i);
	}
}

/*
 * What a right version may leave of one value: harness/exhaust/answers.py. `accepts` has a bit for each combination of
 * accessed and dirty there, and above that in its folio before the call; `adds` goes into the return value. Two of them
 * differ in kinds that are allowed, a bit each, in a byte for each pair.
 */
struct right { u64 value, accepts, adds; };
struct answer { u64 nr; struct right right[MOST_RIGHT]; u8 kinds[MOST_RIGHT][MOST_RIGHT]; };

static const struct answer *answers;	/* none until they are asked for */

/* Behind the choices: for each, what is said of its values; then the answers. */
static void take_answers(const u64 *words)
{
	for (u64 i = 0; i < nr_choices; i++) {
		choices[i].says = words;
		words += choices[i].width * choices[i].nr;
	}
	answers = (const struct answer *)words;
}
