/**
 * What CHANGELOG.md says of a version: its section, else that of what is not released yet.
 * @param {string} changelog
 * @param {string} version
 * @returns {string}
 */
export function releaseNote(changelog, version) {
  const sections = changelog.split(/^## /m).slice(1);
  const titled = (title) => sections.find((section) => section.startsWith(title));
  const section = titled(`${version}`) ?? titled('Unreleased');
  if (section === undefined) throw new Error(`CHANGELOG.md has a section neither for ${version} nor "Unreleased"`);
  return `# mlfi ${version}\n${section.slice(section.indexOf('\n'))}`.trimEnd() + '\n';
}
