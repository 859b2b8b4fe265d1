import CopyWebpackPlugin from 'copy-webpack-plugin';
import type { Configuration } from 'webpack';
import baseConfig, { type Env } from './.config/webpack/webpack.config';

/** Grafana's configuration, and the logos of the nested panels, which it does not copy. */
export default async (env: Env): Promise<Configuration> => {
  const base = await baseConfig(env);
  const logos = new CopyWebpackPlugin({ patterns: [{ from: 'panels/*/img/*', to: '.' }] });
  return { ...base, plugins: [...(base.plugins ?? []), logos] };
};
