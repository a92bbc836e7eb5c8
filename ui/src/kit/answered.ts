interface Question {
  isPending: boolean
  failureCount: number
}

/**
 * Whether every question has its answer, or has failed once.
 * A part of a page that stands above others is waited for before these are shown: else it would push them away
 * from under a pointer when it comes.
 */
export const answered = (...questions: readonly Question[]): boolean =>
  questions.every((one) => !one.isPending || one.failureCount > 0)
