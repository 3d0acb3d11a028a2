import './style.css';
import { Shell } from './shell';

new Shell().start();
