package io.arbalest.bench.hybrid;

/**
 * A question whose answer is known.
 *
 * @param text what is asked: a word of the synset, then words that the synset does not have
 * @param row the row that answers it
 * @param answer the row's text
 */
record HybridQuery(String text, int row, String answer) {}
