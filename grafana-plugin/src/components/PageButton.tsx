import React from 'react';
import { locationUtil } from '@grafana/data';
import { LinkButton, type ButtonProps } from '@grafana/ui';

type Props = Pick<ButtonProps, 'variant' | 'size' | 'icon' | 'fill'> & { href: string; children: string };

/** A button that leads to another page of Grafana; its address holds Grafana's sub-path, so that it can be copied. */
export function PageButton({ href, children, ...button }: Props) {
  return (
    <LinkButton {...button} href={locationUtil.assureBaseUrl(href)}>
      {children}
    </LinkButton>
  );
}
