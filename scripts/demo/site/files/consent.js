// The buttons of the page that asks first: what a site's own banner would do.
'use strict';

const said = document.getElementById('choice');

for (const button of document.querySelectorAll('[data-choose]')) {
  button.addEventListener('click', async () => {
    const choice = await mayak.consent(button.dataset.choose);
    said.textContent = choice.error || `Kept from now on: ${choice.level}.` + (choice.receipt ? ` Receipt: ${choice.receipt}` : '');
  });
}
