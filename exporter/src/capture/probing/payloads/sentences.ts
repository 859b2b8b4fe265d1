/** Ordinary sentences of different length, tone and topic, for models that read text. Written for this project. */
export const SENTENCES: readonly string[] = [
  'The service was quick and the staff were friendly.',
  'My parcel arrived broken and nobody answered the phone.',
  'Please send the invoice to our new address in Leipzig.',
  'Win a free holiday now, just click the link below!',
  'The meeting has been moved to Thursday at ten.',
  'I have used this bicycle every day for two years and it still runs like new.',
  'The film was too long, but the music was wonderful.',
  'Rain is expected in the north, with some sun by the evening.',
  'Could you tell me how to reset my password?',
  'The team lost three games in a row and fired its coach.',
  'Interest rates rose by a quarter of a point on Monday.',
  'This soup needs a little more salt.',
];
