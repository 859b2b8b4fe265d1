import React from 'react';
import { PluginPage } from '@grafana/runtime';

/** Grafana's page frame with the page's name. */
export function Page({
  title,
  subTitle,
  actions,
  children,
}: {
  title: string;
  subTitle?: React.ReactNode;
  actions?: React.ReactNode;
  children: React.ReactNode;
}) {
  return (
    <PluginPage pageNav={{ text: title }} subTitle={subTitle} actions={actions}>
      {children}
    </PluginPage>
  );
}
