/**
 * Why a file of past rows cannot be read, in words of ours for whoever named it. They name the file, a column and the kind of
 * trouble, and hold nothing of what the file holds: what a library says may quote it.
 */
export class FileProblem extends Error {}
