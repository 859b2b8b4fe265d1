import React from 'react';
import type { NavModelItem } from '@grafana/data';
import { t } from '@grafana/i18n';
import { config, PluginPage } from '@grafana/runtime';
import { PAGES } from '../constants';

interface Props {
  subTitle?: React.ReactNode;
  actions?: React.ReactNode;
  children: React.ReactNode;
}

/** A page that plugin.json names: Grafana takes its title and its place from there, and would show a second name twice. */
export function Page(props: Props) {
  return <PluginPage {...props} />;
}

/** A page of one thing below the fleet, which plugin.json cannot name; the breadcrumbs lead back to the fleet. */
export function DetailPage({ title, ...props }: Props & { title: string }) {
  const pageNav: NavModelItem = {
    text: title,
    parentItem: { text: t('fleet.title', 'Fleet'), url: `${config.appSubUrl ?? ''}${PAGES.fleet}` },
  };
  return <PluginPage pageNav={pageNav} {...props} />;
}
